"""Trained runs as a REST service for other programs: Starlette, without Streamlit and TensorFlow.

server.py          serve on an address until the process is asked to end
application.py     the routes, their guard and their errors, as one application
service.py         shared by all requests: loaded runs, limits, counters

guard.py           access by host, origin and token
admission.py       how much may be handled at a time
metrics.py         counters and durations, in the text format of Prometheus
refusals.py        why a request is refused, as a status and a JSON document

uploads.py         the body of a request → files and options, within limits
forms.py           multipart forms, read while they arrive
spool.py           the bytes of a request's files, in memory or in an unnamed file
asking.py          files and options → the documents that ``classify --json`` prints

classifying.py     the route that classifies pictures
open_inference.py  the Open Inference Protocol (KServe V2), for existing clients
run_routes.py      the routes on runs: list, show, card, train, delete
event_stream.py    a run's events as server-sent events
probe.py           a question to a running service, for containers
health_routes.py   whether the service works, and its metrics
openapi.py         the description of the routes, for programs and for people

documents.py       the types of the JSON documents
responses.py       JSON responses
"""
