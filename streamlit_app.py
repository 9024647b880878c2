"""Home: drop a photo and see the answer; below it your dataset, your runs and the next step.

``streamlit run`` imports this module for its ``app``, which runs it as a script for each page view.
"""

import streamlit as st

from catsdogs.ui import api, home

if __name__ == "__main__":
    home.show()
else:
    app = st.App(__file__, middleware=api.middleware(), lifespan=api.running)
