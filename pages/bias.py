"""Bias."""

from validators.views.packs import pack_sentences, pack_table

from pages._shell import ensure_shell, need_run, show_family, show_notes

ensure_shell()
show_family("bias")
show_notes("Policy packs", pack_sentences(need_run().document), pack_table(need_run().document), "packs")
