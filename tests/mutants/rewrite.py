"""Compiles all mutants into a source at once, each behind a switch.

`cargo mutants --list` says what is replaced where; `Source` places each of them in the syntax tree and
writes the source anew. Each operand is written once, so that the text doesn't grow with the nesting:

    a == b      (is(1) ^ (a == b))
    a && b      (is(1) ^ ((is(1) ^ (a)) && (is(1) ^ (b))))      by De Morgan this is a || b
    a < b       (match (&(a), &(b)) { (l, r) => if is(1) { *l <= *r } else { *l < *r } })
    a + b       (match (a, b) { (l, r) => if is(1) { l - r } else { l + r } })
    fn f() {    fn f() { if is(1) { return VALUE; }

A comment at both ends names the mutants of a piece, so that a compiler's error leads to those that it is
about. No part of the copy is read by people.
"""

import bisect
import hashlib
import re
from dataclasses import dataclass, field

try:
    import tree_sitter
    import tree_sitter_rust

    LANGUAGE = tree_sitter.Language(tree_sitter_rust.language())
except ImportError:  # The parser is installed by `make mutants`.
    LANGUAGE = None

COMPARISONS = {"<", ">", "<=", ">="}
MARK = re.compile(rb"/\*<([\d,]+)\*/|/\*>\*/")


@dataclass(eq=False)
class Mutant:
    """One change of one expression or function."""

    file: str
    function: str  # "" outside of functions
    genre: str  # as cargo-mutants names it
    replacement: str
    start: tuple  # line and column, from 1
    lines: tuple  # the first and the last line that it is about
    number: int = 0
    change: str = ""  # for people, and the key beside file and function
    state: str = ""
    detail: str = ""
    node: object = field(default=None, repr=False)

    @property
    def key(self):
        return f"{self.file}: {self.function}: {self.change}"


def _flat(text, most=70):
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."


def _is(mutant):
    return f"crate::mutant::is({mutant.number})"


def _marked(mutants, text):
    numbers = ",".join(str(mutant.number) for mutant in mutants)
    return f"/*<{numbers}*/{text}/*>*/"


def _chain(mutants, variant, original):
    """`if is(1) { ... } else if is(2) { ... } else { original }`"""
    arms = [f"if {_is(mutant)} {{ {_marked([mutant], variant(mutant))} }}" for mutant in mutants]
    return " else ".join([*arms, f"{{ {original} }}"])


class Source:
    """One file and the mutants in it."""

    def __init__(self, text):
        self.text = text.encode()
        self.digest = hashlib.sha256(self.text).hexdigest()[:16]
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line.encode()) + 1)
        self.root = tree_sitter.Parser(LANGUAGE).parse(self.text).root_node
        self.nodes = {}
        self.bodies = []
        self._index(self.root)

    def _index(self, root):
        """Notes where each thing stands that can be changed."""
        nodes = [root]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.children)
            if node.type in ("binary_expression", "compound_assignment_expr"):
                operator = node.child_by_field_name("operator") or node.children[1]
                self.nodes["BinaryOperator", operator.start_byte] = node
            elif node.type == "unary_expression":
                self.nodes["UnaryOperator", node.start_byte] = node
            elif node.type == "match_arm":
                if self._has_rest(node.parent):
                    self.nodes["MatchArm", node.start_byte] = node
                condition = node.child_by_field_name("pattern").child_by_field_name("condition")
                if condition:
                    self.nodes["MatchArmGuard", condition.start_byte] = node
            elif node.type in ("field_initializer", "shorthand_field_initializer"):
                self.nodes["StructField", node.start_byte] = node
            elif node.type == "function_item":
                body = node.child_by_field_name("body")
                self.bodies.append((body.start_byte, body.end_byte, body))

    def _has_rest(self, arms):
        """True if an arm takes all that is left, so that another one may be guarded by its switch."""
        patterns = [arm.child_by_field_name("pattern") for arm in arms.named_children if arm.type == "match_arm"]
        return any(self.slice(pattern) == "_" for pattern in patterns)

    def offset(self, line, column):
        return self.starts[line - 1] + len(self.lines[line - 1][: column - 1].encode())

    def slice(self, node):
        return self.text[node.start_byte : node.end_byte].decode()

    def place(self, mutants):
        """Finds the node of each mutant, and words the change. One that can't be placed has none."""
        for mutant in mutants:
            at = self.offset(*mutant.start)
            if mutant.genre == "FnValue":
                around = [body for body in self.bodies if body[0] < at < body[1]]
                mutant.node = max(around, key=lambda body: body[0], default=(0, 0, None))[2]
                mutant.change = f"return {mutant.replacement}"
                continue
            mutant.node = node = self.nodes.get((mutant.genre, at))
            if node is None:
                mutant.change = f"{mutant.genre} in {_flat(self.lines[mutant.start[0] - 1])}"
            elif mutant.genre == "BinaryOperator":
                left, operator, right = self.operands(node)
                left, right = _flat(self.slice(left), 40), _flat(self.slice(right), 40)
                mutant.change = f"{left} {operator} {right}: {mutant.replacement}"
            elif mutant.genre == "UnaryOperator":
                mutant.change = f"{_flat(self.slice(node))}: without {chr(self.text[at])}"
            elif mutant.genre == "MatchArm":
                mutant.change = f"without the arm {_flat(self.slice(node.child_by_field_name('pattern')))}"
            elif mutant.genre == "MatchArmGuard":
                pattern = _flat(self.slice(node.child_by_field_name("pattern")))
                mutant.change = f"guard of {pattern}: {mutant.replacement}"
            elif mutant.genre == "StructField":
                mutant.change = f"without the field {_flat(self.slice(node))}"

    @staticmethod
    def operands(node):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator") or node.children[1]
        return left, operator.type, right

    def attributes(self, line, column):
        """The attributes of the items around a place."""
        at = self.offset(line, column)
        node = self.root.descendant_for_byte_range(at, at)
        while node:
            before = node.prev_named_sibling
            while before and before.type in ("attribute_item", "line_comment"):
                if before.type == "attribute_item":
                    yield self.slice(before)
                before = before.prev_named_sibling
            node = node.parent

    def render(self, mutants):
        """The text with these mutants in it."""
        self.edits = {}
        for mutant in mutants:
            self.edits.setdefault(mutant.node.id, []).append(mutant)
        self.edited = sorted({mutant.node.start_byte for mutant in mutants})
        return self._render(self.root)

    def _render(self, node):
        first = bisect.bisect_left(self.edited, node.start_byte)
        if first == len(self.edited) or self.edited[first] >= node.end_byte:
            return self.slice(node)
        if node.type == "struct_expression":
            return self._struct(node)
        edits = self.edits.get(node.id)
        if not edits:
            return self._children(node)
        if node.type == "block":
            return self._function(node, edits)
        if node.type == "binary_expression":
            return self._binary(node, edits)
        if node.type == "compound_assignment_expr":
            return self._assignment(node, edits)
        if node.type == "unary_expression":
            operator, operand = self.slice(node.children[0]), self._render(node.children[1])
            chain = _chain(edits, lambda _: "v", f"{operator}v")
            return _marked(edits, f"(match ({operand}) {{ v => {chain} }})")
        if node.type == "match_arm":
            return self._arm(node, edits)
        return self._children(node)

    def _children(self, node, instead={}):
        """The node's text with its children rendered; `instead` has the text of some of them."""
        parts, place = [], node.start_byte
        for child in node.children:
            parts.append(self.text[place : child.start_byte].decode())
            parts.append(instead[child.id] if child.id in instead else self._render(child))
            place = child.end_byte
        parts.append(self.text[place : node.end_byte].decode())
        return "".join(parts)

    def _function(self, node, edits):
        first = "".join(
            _marked([mutant], f"if {_is(mutant)} {{ return {mutant.replacement}; }} ") for mutant in edits
        )
        return "{" + first + self._children(node)[1:]

    def _binary(self, node, edits):
        left, operator, right = self.operands(node)
        left, right = self._render(left), self._render(right)
        if operator in ("==", "!="):
            (mutant,) = edits
            return _marked(edits, f"({_is(mutant)} ^ ({left} {operator} {right}))")
        if operator in ("&&", "||"):
            (mutant,) = edits
            on = _is(mutant)
            return _marked(edits, f"({on} ^ (({on} ^ ({left})) {operator} ({on} ^ ({right}))))")
        if operator in COMPARISONS:
            chain = _chain(edits, lambda mutant: f"*l {mutant.replacement} *r", f"*l {operator} *r")
            return _marked(edits, f"(match (&({left}), &({right})) {{ (l, r) => {chain} }})")
        chain = _chain(edits, lambda mutant: f"l {mutant.replacement} r", f"l {operator} r")
        return _marked(edits, f"(match ({left}, {right}) {{ (l, r) => {chain} }})")

    def _assignment(self, node, edits):
        left, operator, right = self.operands(node)
        left, right = self._render(left), self._render(right)
        chain = _chain(edits, lambda mutant: f"{left} {mutant.replacement} r", f"{left} {operator} r")
        return _marked(edits, f"(match ({right}) {{ r => {chain} }})")

    def _arm(self, node, edits):
        pattern = node.child_by_field_name("pattern")
        condition = pattern.child_by_field_name("condition")
        guard = self._render(condition) if condition else None
        named = {
            "deleted" if mutant.genre == "MatchArm" else mutant.replacement: mutant for mutant in edits
        }
        if "true" in named or "false" in named:
            on = _is(named["true"]) if "true" in named else "false"
            off = _is(named["false"]) if "false" in named else "false"
            guard = f"({on} || !{off} && ({guard}))"
        if "deleted" in named:
            guard = f"!{_is(named['deleted'])}" + (f" && ({guard})" if guard else "")
        # The pattern alone: its other children are `if` and the condition.
        text = self.text[pattern.start_byte : pattern.children[0].end_byte].decode()
        return self._children(node, {pattern.id: f"{text} if {_marked(edits, guard)}"})

    def _struct(self, node):
        """A field that is left out comes from `..base`: here the expression is written once for each."""
        whole, fields = self._children(node), node.child_by_field_name("body").named_children
        edits = [mutant for field in fields for mutant in self.edits.get(field.id, ())]
        if not edits:
            return whole
        name = self.slice(node.child_by_field_name("name"))

        def without(mutant):
            kept = [self._render(field) for field in fields if field.id != mutant.node.id]
            return f"{name} {{ {', '.join(kept)} }}"

        return _marked(edits, f"({_chain(edits, without, whole)})")


def regions(text):
    """The positions of the mutants in a rendered text: start, end, numbers; innermost first."""
    found, open_ = [], []
    for mark in MARK.finditer(text):
        if mark[1]:
            open_.append((mark.start(), [int(number) for number in mark[1].split(b",")]))
        else:
            start, numbers = open_.pop()
            found.append((start, mark.end(), numbers))
    return sorted(found, key=lambda region: region[1] - region[0])


def blamed(text, start, end):
    """The mutants that an error of the compiler at this place is about."""
    found = regions(text)
    for first, last, numbers in found:
        if first <= start and end <= last:
            return numbers
    inside = {number for first, last, numbers in found if start <= first and last <= end for number in numbers}
    return sorted(inside)
