import pytest
import streamlit as st


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home of the user, and nothing open."""
    for name in ("SEATRIAL_PROJECT", "SEATRIAL_DATA_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEATRIAL_HOME", str(tmp_path / "home"))
    st.cache_resource.clear()
    return tmp_path / "home"
