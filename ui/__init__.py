"""All that touches Streamlit and is shared by the pages."""
