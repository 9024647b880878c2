"""The project's Python files, each read and parsed once, and what they import, define and name."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@cache
def modules(*patterns: str) -> tuple["Module", ...]:
    """Return the modules that match ``patterns``, relative to the project."""
    paths = sorted({path for pattern in patterns for path in PROJECT.glob(pattern)})
    return tuple(Module(str(p.relative_to(PROJECT)), p.read_text("utf-8")) for p in paths)


def app() -> tuple["Module", ...]:
    """Return every module that the app and the command line consist of."""
    return modules("streamlit_app.py", "pages/*.py", "catsdogs/**/*.py")


@dataclass(frozen=True)
class Module:
    """One Python file: ``path`` is relative to the project, with forward slashes."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The dotted name under which others import it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The dotted names that it imports anywhere, inside functions too.

        ``from a import b`` yields both "a" and "a.b", because b may be a module.
        """
        return tuple(name for node in self.nodes for name in imported_by(node))

    @cached_property
    def runtime_imports(self) -> tuple[str, ...]:
        """``imports`` without those for type checkers only, which load nothing."""
        unloaded = {id(n) for block in self.nodes if _is_typing(block) for n in ast.walk(block)}
        loaded = [node for node in self.nodes if id(node) not in unloaded]
        return tuple(name for node in loaded for name in imported_by(node))

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.FunctionDef))

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.ClassDef))

    @property
    def public_functions(self) -> tuple[ast.FunctionDef, ...]:
        """The functions at the module's top level that others may call."""
        top = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        return tuple(node for node in top if not node.name.startswith("_"))


def imported_by(node: ast.AST) -> list[str]:
    """Return the dotted names that one statement or call imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
        return [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return []


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
