"""The Classify page: ways to give pictures, answers, and each picture in detail."""
