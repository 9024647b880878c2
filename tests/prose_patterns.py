"""Turns of phrase that make people read twice: each with its reason, a bad and a good sentence.

The good sentence shows what to write instead. ``tests/test_prose.py`` checks that a pattern finds
the bad one and accepts the good one, and that no sentence of the project matches.
"""

import re
from dataclasses import dataclass

# The most words of a sentence in the app and in other texts.
LONGEST_IN_APP, LONGEST = 35, 45
_BE = r"(?:is|are|was|were|be|been)"
_THING = (
    "image|photo|picture|file|folder|tab|cell|run|row|class|core|page|metric|column|session|machine"
)


@dataclass(frozen=True)
class Pattern:
    """A regular expression, the reason against its matches, an example of each side."""

    expression: re.Pattern[str]
    reason: str
    bad: str
    good: str


def _pattern(expression: str, reason: str, *, bad: str, good: str) -> Pattern:
    return Pattern(re.compile(expression), reason, bad, good)


PATTERNS = (
    # Subjects that are clauses.
    _pattern(
        r"(?:^|[;:] )(?:What|Whatever|That which)\b[^?]*[.:;,][^?]*$",
        "A clause with “what” is the subject: start with a noun",
        bad="What a look leaves out, Streamlit takes off the page.",
        good="Streamlit removes any element that a fragment run omits.",
    ),
    _pattern(
        r"(?:^|[;:] )Who(?:ever)?\b[^?]*$",
        "A clause with “who” is the subject: name the person or the process",
        bad="Who stops early is left with nothing to do.",
        good="If the consumer stops early, cancel its pending jobs.",
    ),
    _pattern(
        r"\b(?:so that|because|whether|if|while|when|where|until|once|that) what (?!if\b)",
        "A clause with “what” is the subject: start with a noun",
        bad="The lock is held so that what is read cannot change.",
        good="The lock is held so that the file cannot change while it is read.",
    ),
    _pattern(
        r"[;:] (?:what|that which) \w+ [^?]*\b(?:is|are|was|were|counts?|does|has|stays?)\b[^?]*$",
        "A clause with “what” is the subject: start with a noun",
        bad="Links are not followed; what is hidden is skipped.",
        good="Links are not followed, and hidden files are skipped.",
    ),
    _pattern(
        r"\b(?:for|to|of|by|from|with|than|that|in|if|but|before|beside|[:;]) who(?:ever)?\b(?!,)"
        r"|, whoever\b",
        "“Who” without a person before it: name the person or the process",
        bad="The lock is free for whoever looks next, so that who fills the disk can say so.",
        good="The next process can take the lock and report the full disk.",
    ),
    _pattern(
        r"\b(?:by|of|for|with|from|to|on|than) what (?:is|are|was|were|others|it|they|has|had)\b",
        "A preposition with a “what” clause: use a noun",
        bad="The list of what is skipped is sent with what was found.",
        good="The response lists the skipped and the found files.",
    ),
    _pattern(
        r"\bthat which\b",
        "“That which” is archaic: use a noun",
        bad="The cache has only that which can be computed again.",
        good="The cache has only data that can be computed again.",
    ),
    # Verbs that nobody uses for this.
    _pattern(
        rf"\b{_BE}(?: not)?(?: \w+ly| always| never| also)? told\b|\btold (?:with|as|of|by|in)\b"
        r"|\bas (?:its|the|their) [\w ]+ tells? (?:it|them)\b",
        "Errors are not told: use “report” or “show”",
        bad="A damaged run is told with the reason.",
        good="A damaged run is reported with the reason.",
    ),
    _pattern(
        r"\btell(?:s|ing)? of\b",
        "“Tell of” is for tales: use “report”, “record” or “describe”",
        bad="The event that tells of a model comes last.",
        good="The event that records a model comes last.",
    ),
    _pattern(
        r"\bat work\b",
        "“At work” is for people: use “running”",
        bad="One run is at work at a time.",
        good="Only one run trains at a time.",
    ),
    _pattern(
        r"\b(?:lay|lays|laid|laying) (?:it |them )?over\b",
        "“Lay over”: use “overlay”",
        bad="Choose finished runs to lay over it.",
        good="Choose finished runs to overlay.",
    ),
    _pattern(
        r"\b(?:give|gives|gave|given) way\b",
        "“Give way” is for traffic: name the lower priority",
        bad="The worker gives way to pages.",
        good="The worker runs at a lower priority than pages.",
    ),
    _pattern(
        r"\b(?:bring|brings|brought|bringing) (?:\w+ )?along\b",
        "“Bring along”: say that it is a dependency of, or comes with",
        bad="Streamlit brings it along anyway.",
        good="It is a dependency of Streamlit.",
    ),
    _pattern(
        r"\bpassed over\b|\bpassing over\b|\bpass(?:es)? over (?:a|an|it|them)\b|\bpassed by\b",
        "“Pass over”: use “skip” or “ignore”",
        bad="A line of 100 MB is passed over.",
        good="A line of 100 MB is skipped.",
    ),
    _pattern(
        r"\b(?:take|takes|took|taken) (?:\w+ )?for (?:a|an|the|one|none|cats?|dogs?)\b",
        "“Take for”: use “treat as” or “mistake for”",
        bad="Cats that are taken for dogs.",
        good="Cats that are classified as dogs.",
    ),
    _pattern(
        r"\b(?:reckon(?:s|ed)?|hinder(?:s|ed)?|mends?|mended|suffices?|beg(?:e|o)ts?|behold)\b",
        "Dated verb: use “estimate”, “block”, “repair”, “be enough”",
        bad="A resume mends the model.",
        good="Resuming the run repairs the model.",
    ),
    _pattern(
        r"\b(?:stand|stands|stood|standing)"
        r" (?:in(?! for)|on|at|above|below|under|beside|between|behind|as)\b",
        "Things do not stand there: use “is in”, “comes before” or a direct verb",
        bad="Shared parts stand in the shared folder.",
        good="Shared parts are in the shared folder.",
    ),
    _pattern(
        r"\bputs? (?:it |them )?out\b(?! of)",
        "“Put out”: use “output” or “return”",
        bad="The number is raw, as the model puts it out.",
        good="The number is the model's raw output.",
    ),
    _pattern(
        r"\bgo(?:es)? by the\b",
        "“Go by”: use “rely on” or “use”",
        bad="The interval is too narrow: go by the test.",
        good="The interval is too narrow: rely on the test.",
    ),
    _pattern(
        r"\bsays? so\b|\bsaid so\b|\bwith(?:out)? a word\b",
        "“Say so”: name the message or the warning",
        bad="A full disk fails a run with a word, and the page says so.",
        good="A full disk fails the run, and the page shows the error.",
    ),
    _pattern(
        r"\b(?:come|comes|came) to (?:its|their|an|no) (?:end|ends)\b|\bcome to nothing\b",
        "“Come to its end”: use “end” or “finish”",
        bad="Each task came to its end.",
        good="Each task ended.",
    ),
    _pattern(
        r"\bto be had\b|\b(?:cannot|could not|can) be had\b",
        "“To be had”: use “available”",
        bad="The photo is not to be had.",
        good="The photo is not available.",
    ),
    _pattern(
        r"\b(?:die|dies|died) of\b",
        "Programs do not die of something: use “crash on”",
        bad="The library died of one damaged model.",
        good="The library crashed on one damaged model.",
    ),
    _pattern(
        r"\b(?:go|goes|went|gone|going) on"
        r"(?: (?:when|with|without|after|while|until|once|if|where|as)\b|[.,;:])",
        "“Go on”: use “continue”",
        bad="The run goes on when you close the page.",
        good="The run continues when you close the page.",
    ),
    _pattern(
        r"\b(?:take|takes|took|taken|taking) (?:(?:the|a|an|your|its)(?: \w+){1,3}|it|them) back\b",
        "“Take back”: use “undo” or “withdraw”",
        bad="The key U takes the last decision back.",
        good="The key U undoes the last decision.",
    ),
    _pattern(
        r"\b(?:two|next|one|last|quick) looks?\b(?! (?:like|for))",
        "“Look” as a noun: use “check”, “refresh” or “read”",
        bad="Photos need one look at every pixel before the next look.",
        good="The check reads every pixel before the next refresh.",
    ),
    _pattern(
        r"\bflatter(?:s|ed|ing)?\b|\blean on\b|\bhonou?r(?:s|ed|ing)?\b",
        "Figurative verb: use “inflate”, “rely on”, “apply”",
        bad="Photos from training flatter the accuracy.",
        good="Photos from training inflate the accuracy.",
    ),
    _pattern(
        r"\b[Nn]ame (?:a|an|its|their|the|any|your) (?:folder|path|file|zip)s?\b",
        "“Name a folder”: use “enter its path”, “choose” or “pass”",
        bad="For more pictures, name their folder.",
        good="For more pictures, enter the path of their folder.",
    ),
    _pattern(
        rf"\b{_BE} to (?:have|learn|begin|end|show|come)\b",
        "“Is to have”: use “will”, “should” or a plain verb",
        bad="It has learned all that it was to learn.",
        good="It has finished training.",
    ),
    _pattern(
        r"\b(?:[Nn]othing|[Ll]ittle|[Mm]ore|much) is known of\b",
        "“Known of”: use “unknown” or “known about”",
        bad="Nothing is known of the images' sizes.",
        good="The sizes of the images are unknown.",
    ),
    # Negations and comparisons.
    _pattern(
        rf"(?<![Tt]here )\b{_BE} no (?!longer\b|more\b|less\b|fewer\b|better\b|worse\b|larger\b)\w+"
        r"(?<!no one)",
        "“Is no X”: use “is not a X”",
        bad="A screenshot is no photo.",
        good="A screenshot is not a photo.",
    ),
    _pattern(
        r"\b[Nn]othing (?:else )?but\b|\b[Nn]othing (?:is|was|does|has) [^.,;]*\bbut\b",
        "“Nothing but”: use “only”",
        bad="Nothing is sent but aggregates.",
        good="Only aggregates are sent.",
    ),
    _pattern(
        r"\b(?:[Nn]othing|[Nn]obody|[Nn]o|[Nn]one|[Nn]ever) [^.;]*\b(?:nowhere|never)\b",
        "Double negation",
        bad="Nothing is unpickled, nowhere.",
        good="No file is ever unpickled.",
    ),
    _pattern(
        r"\ball else\b|\belsewhere than\b|\bElsewhere than\b|\bbut for\b",
        "“All else”, “elsewhere than”, “but for”: use “everything else”, “except”",
        bad="Intervals are bootstrapped for all else.",
        good="All other intervals are bootstrapped.",
    ),
    _pattern(
        r"\bpoor explanation\b|\bmay explain it\b",
        "Statistics in riddles: say how likely chance is",
        bad="A is better, and chance is a poor explanation.",
        good="A is better, and the difference is very unlikely to be chance.",
    ),
    _pattern(
        rf"\b{_BE} another one\b|\b{_BE} of another\b",
        "“Is another one”: use “differs” or “has changed”",
        bad="The label is another one than the name says.",
        good="The label differs from the name.",
    ),
    _pattern(
        r"\bany more\b(?! \w)",
        "“Not … any more”: use “no longer”",
        bad="The photos are not on this machine any more.",
        good="The photos are no longer on this machine.",
    ),
    _pattern(
        r"\bsome (?:seconds|minutes|hours|days|dozen|hundred|thousand)\b",
        "“Some seconds”: use “a few seconds”",
        bad="TensorFlow takes some seconds to load.",
        good="TensorFlow takes a few seconds to load.",
    ),
    _pattern(
        r"^So (?:many|few|much)\b(?!.*\bthat\b)[^?]*$",
        "“So many” without a result: use “this many” or the number",
        bad="So many answers take megabytes.",
        good="This many answers take megabytes.",
    ),
    # Word order.
    _pattern(
        r"^(?:Were|Had|Should|Did|Could) (?:a|an|the|it|this|that|there|they|you|one|any)\b[^?]*$",
        "Inverted condition: start with “if”",
        bad="Should a worker fail, the queue starts the next one.",
        good="If a worker fails, the queue starts the next one.",
    ),
    _pattern(
        r"^Only (?:then|there|here|if|when|once|after|so|with|by|in)\b[^?]*"
        r"\b(?:is|are|was|does|do|did|can|will|has|have|may) (?:a|an|the|it|they|its|one)\b[^?]*$",
        "Inverted main clause: put the subject before the verb",
        bad="Only then is the file renamed.",
        good="The file is renamed only then.",
    ),
    _pattern(
        r"^(?:Nor|Neither|Never|Not only|Seldom|Nowhere|Rarely) "
        r"(?:is|are|was|were|does|do|did|can|will|has|have|may)\b[^?]*$",
        "Inverted main clause: put the subject before the verb",
        bad="Never is a file deleted.",
        good="A file is never deleted.",
    ),
    _pattern(
        r"^Of (?!course\b|these\b|those\b|(?:(?:all|the|their|more|than|about) ){0,3}\d)[^?]*$",
        "A sentence that begins with “of”: put the subject first",
        bad="Of two photos that are the same, one is kept.",
        good="One of two identical photos is kept.",
    ),
    _pattern(
        r"[,:;] as (?:is|are|was|were|does|do|did|has|have|can) \w+",
        "“As is the X”: use “and so is” or a second sentence",
        bad="A finding fails the audit, as does an answer that breaks off.",
        good="A finding or a broken response fails the audit.",
    ),
    _pattern(
        r"^To \w+ [^,:;]*\b(?:is|takes|costs|needs|means)\b",
        "An infinitive is the subject: use the -ing form or a noun",
        bad="To validate a photo takes one forward pass.",
        good="Validating a photo takes one forward pass.",
    ),
    _pattern(
        r"^(?:So that(?! (?:is|was|does))|Which|Whose|Lest)\b[^,?]*\.$",
        "A subordinate clause is not a sentence: join it to the main clause",
        bad="So that the process can still report it.",
        good="The process can then still report it.",
    ),
    _pattern(
        r"\b(?:is|are|was|were)(?: not| still| already| all)? (?:here|there)(?=[.,;:)]|$| and\b)"
        r"|\bnone (?:is|are) (?:here|there)\b",
        "“Is there”: use “exists”, “is available” or “is on this machine”",
        bad="The model's file is not there.",
        good="The model's file does not exist.",
    ),
    # Archaic words.
    _pattern(
        r"\bof before\b|\bof then\b|\bof old\b|\bthe one before\b",
        "“Of before”: use “earlier”, “older” or “previous”",
        bad="Runs of before kept no checksums.",
        good="Runs from older versions have no checksums.",
    ),
    _pattern(
        r"\banew\b|\bby heart\b|\b[Bb]esides\b|\bafresh\b|\blikewise\b|\bLikewise\b",
        "Archaic word: use “again”, “from memory”, “also”",
        bad="The picture is drawn anew.",
        good="The picture is drawn again.",
    ),
    _pattern(
        r"\b(?:whence|thence|thereof|therein|thereupon|hereby|wherein|whereby|thereby|lest|ere|unto"
        r"|upon|amongst|whilst|forthwith|albeit|aught|naught|yonder|thrice|shall|one's)\b",
        "Archaic word: use an everyday one",
        bad="The run stops, whereby its model is kept.",
        good="The run stops, and its model is kept.",
    ),
    _pattern(
        r"^(?!.*\bif\b.*,).*[;,] else (?!if\b)|^Else\b",
        "“Else” in a sentence: use “otherwise”",
        bad="A message has the reason, else the page is empty.",
        good="A message has the reason; otherwise the page is empty.",
    ),
    _pattern(
        rf"\b(?:(?:a|one|each) (?:{_THING}|line|thread|point|number|sentence|panel)"
        rf"|ms|s|KB|MB|GB|(?:\d|two|three|ten|hundred) \w+s) an? (?:{_THING})\b"
        rf"|\bonce an? (?:{_THING})(?=[.,:;)]|$)",
        "“One X a Y”: use “per” or “for each”",
        bad="A forward pass takes 9 ms an image, with a row a metric.",
        good="A forward pass takes 9 ms per image, with one row per metric.",
    ),
    _pattern(
        r"\bfor good\b|\bin turns\b|\bof its own accord\b|\bof late\b|\bon its own account\b",
        "Idiom: say it directly",
        bad="The disk is full for good.",
        good="The disk stays full.",
    ),
    _pattern(
        r"\b(?:is|are) another matter\b|\bno reason to\b|\bit is all one\b",
        "Idiom: say it directly",
        bad="Other cameras are another matter.",
        good="Results for other cameras may differ.",
    ),
)


def reasons(sentence: str) -> list[str]:
    """Return the reason of each pattern that ``sentence`` matches."""
    return [found.reason for found in PATTERNS if found.expression.search(sentence)]
