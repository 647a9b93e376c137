"""The allow-list of types in a skops file, beyond those that skops trusts itself: all of what fitted models are made of.

By name, as nothing is imported to decide. Prefixes of modules would not do: `numpy.testing.runstring` runs text.
"""

import re

ALLOWED = re.compile("|".join((
    r"collections\.(OrderedDict|defaultdict)",
    r"numpy\.(dtype|mean|median)",
    r"scipy\.interpolate\._bsplines\.BSpline",
    r"scipy\._lib\.array_api_compat\.numpy\._aliases\.asarray",
    r"scipy\.sparse\._(csr|csc|coo)\.(csr|csc|coo)_(matrix|array)",
    r"sklearn\._loss\.(loss|link|_loss)\.[A-Z]\w+",
    r"sklearn\.calibration\._(CalibratedClassifier|SigmoidCalibration|TemperatureScaling)",
    r"sklearn\.cluster\._bisect_k_means\._BisectingTree",
    r"sklearn\.cluster\._kmeans\._kmeans_single_(lloyd|elkan)",
    r"sklearn\.ensemble\._hist_gradient_boosting\.(predictor\.TreePredictor|binning\._BinMapper)",
    r"sklearn\.feature_selection\._(univariate_selection\.(chi2|f_classif|f_oneway|f_regression|r_regression)|mutual_info\.mutual_info_\w+)",
    r"sklearn\.gaussian_process\._gpc\._BinaryGaussianProcessClassifierLaplace",
    r"sklearn\.gaussian_process\.kernels\.[A-Z]\w+",
    r"sklearn\.metrics\._(classification|regression|ranking)\.\w+_(score|error|loss|deviance)",
    r"sklearn\.metrics\._dist_metrics\.[A-Z]\w+Distance(32|64)?",
    r"sklearn\.metrics\._scorer\._(Curve|Passthrough)?Scorer",
    r"sklearn\.model_selection\._split\.[A-Z]\w+",
    r"sklearn\.multiclass\._ConstantPredictor",
    r"sklearn\.neighbors\._(kd|ball)_tree\.(KD|Ball)Tree(32|64)?",
    r"sklearn\.neural_network\._stochastic_optimizers\.(Adam|SGD)Optimizer",
    r"sklearn\.tree\._tree\.Tree",
    r"sklearn\.utils\._bunch\.Bunch",
    r"sklearn\.utils\._metadata_requests\.(MetadataRequest|MethodMetadataRequest)",
    r"xgboost\.(core\.Booster|sklearn\.XGB\w+)",
    r"lightgbm\.(basic\.Booster|sklearn\.LGBM\w+)",
    r"catboost\.core\.CatBoost(Classifier|Regressor)?",
)))  # fmt: skip


def refused(names, approved, code):
    """Types that are neither on the list, nor approved by the project, nor of a module of its code."""
    return sorted(n for n in names if not (ALLOWED.fullmatch(n) or n in approved or n.partition(".")[0] in code))
