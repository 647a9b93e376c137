"""The pages of the dashboard: Streamlit only. What they show comes from `validators.views`."""
