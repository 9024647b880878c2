"""Cats vs Dogs: browse, train, compare and use binary image classifiers, on this machine.

The rooms, by floor. A room imports only from floors below its own:

    errors.py      every error that a user can meet
    labels.py      0 = cat, 1 = dog
    paths.py       where data, runs and caches are
    text.py        names, counts and times, safe to show

    system/        the machine: files, locks, processes, memory, archives
    people.py      who acts, and what they may do
    evaluation/    labels and P(dog) → metrics

    storage/       datasets at addresses: object storage and web servers, read in ranges

    background/    long work in a process of its own
    images/        image files and their pixels

    dataset/       a folder of images → a table of records, decisions, a fair split
    features/      arrays computed once per photo
    distributed/   work on many files, spread over a Ray cluster

    sources/       a path or an address → a folder of images
    health/        what is wrong or unusual in a dataset

    runs/          a run without TensorFlow: settings, folder, queue, events

    charts/        data → Plotly charts
    comparison/    two runs on the same images
    inference/     a finished run's model → answers with heat maps

    reports/       comparisons and model cards for readers outside the app
    webpage/       a run as one web page that works without a network
    suggestions/   labels for photos without one, and which to label first
    doctor/        what this machine offers, and what to do about each problem

    searching/     several runs → the best settings, and how lucky they were
    exports/       a run's model as files to take along
    service/       trained runs as a REST service

    learning/      TensorFlow: networks, training, export; in a worker process
    cli/           the command line
    ui/            Streamlit: the parts of the pages

    __main__.py    ``python -m catsdogs``

``tests/test_architecture.py`` enforces the rules of the house:

1. A room imports only from floors below its own, and modules never import each other in a circle.
2. Only ``learning/`` imports TensorFlow and Keras. Only ``ui/`` and the pages import Streamlit.
3. ``evaluation/`` takes arrays and returns frozen values.
4. Private parts of Streamlit, the C library and TensorFlow stay behind a fence: one module each.
5. The maps in ``__init__.py`` and in ``README.md`` match the folders.
6. One word, one meaning: a chart is drawn, a metric is a number, a backbone is a network.
7. Runs, datasets, results and events are types; dictionaries of anything are JSON documents.
8. ``runs/models.py`` holds the abilities of each model as data; no code compares a model's name.
"""

__version__ = "0.1.0"
