"""The worker process: loads one model and answers questions about it, confined by the kernel where the kernel can.

`start.py` is run by file and makes a package of the files beside it; nothing else of the product is importable in there.
Modules here import only the standard library when they are loaded: everything else is imported after the confinement.
"""
