"""Exports: leads as files, streamed, which an import gives back as the same leads."""
