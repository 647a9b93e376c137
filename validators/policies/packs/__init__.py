"""Policy packs: tolerances of bias checks for one field of use, laid over a tier's policy."""
