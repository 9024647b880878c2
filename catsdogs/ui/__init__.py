"""What the pages share: frame, cached readers, charts. Only here is Streamlit imported."""
