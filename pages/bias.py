"""Bias."""

from pages._shell import ensure_shell, show_family

ensure_shell()
show_family("bias")
