"""The copy of `make mutants` has its mutants: each behind a switch, and nothing else changed."""

import re
import sys
import unittest

from tests.support import peers

# `make parser` installs the parser into a Python of its own.
for packages in sorted((peers.ROOT / "build" / "parser" / "lib").glob("python*/site-packages")):
    sys.path.append(str(packages))
from tests.mutants import rewrite  # noqa: E402


def mutant(number, source, genre, piece, replacement):
    """The mutant of the piece's first occurrence in a source."""
    before = source[: source.index(piece)]
    start = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return rewrite.Mutant("src/a.rs", "f", genre, replacement, start, (start[0], start[0]), number)


class Rewrite(unittest.TestCase):
    """Small sources, and what becomes of them."""

    def setUp(self):
        peers.require(rewrite.LANGUAGE, "tree-sitter is not installed (make parser)")

    def rendered(self, text, *changes):
        source = rewrite.Source(text)
        mutants = [mutant(number, text, *change) for number, change in enumerate(changes, 1)]
        source.place(mutants)
        marked = source.render(mutants)
        self.changes = [each.change for each in mutants]
        return re.sub(r"/\*.*?\*/", "", marked).replace("crate::mutant::", "")

    def test_equality_is_turned_by_the_switch(self):
        self.assertEqual(
            self.rendered("fn f() -> bool { a == b }", ("BinaryOperator", "==", "!=")),
            "fn f() -> bool { (is(1) ^ (a == b)) }",
        )
        self.assertEqual(self.changes, ["a == b: !="])

    def test_and_becomes_or_by_turning_its_operands_and_the_result(self):
        self.assertEqual(
            self.rendered("fn f() -> bool { a() && b }", ("BinaryOperator", "&&", "||")),
            "fn f() -> bool { (is(1) ^ ((is(1) ^ (a())) && (is(1) ^ (b)))) }",
        )

    def test_operands_are_written_once_however_deep_they_are(self):
        text = "fn f() -> bool { a + 1 < b }"
        self.assertEqual(
            self.rendered(
                text,
                ("BinaryOperator", "+", "-"),
                ("BinaryOperator", "<", "<="),
                ("BinaryOperator", "<", "=="),
            ),
            "fn f() -> bool { (match (&((match (a, 1) { (l, r) => if is(1) { l - r } else { l + r } })), &(b)) "
            "{ (l, r) => if is(2) { *l <= *r } else if is(3) { *l == *r } else { *l < *r } }) }",
        )
        self.assertEqual(self.changes, ["a + 1: -", "a + 1 < b: <=", "a + 1 < b: =="])

    def test_an_assignment_evaluates_its_value_once(self):
        self.assertEqual(
            self.rendered("fn f() { n += g(); }", ("BinaryOperator", "+=", "-=")),
            "fn f() { (match (g()) { r => if is(1) { n -= r } else { n += r } }); }",
        )

    def test_a_deleted_operator_leaves_its_operand(self):
        self.assertEqual(
            self.rendered("fn f() -> bool { !a }", ("UnaryOperator", "!", "")),
            "fn f() -> bool { (match (a) { v => if is(1) { v } else { !v } }) }",
        )
        self.assertEqual(self.changes, ["!a: without !"])

    def test_a_function_returns_the_value_of_the_active_mutant_first(self):
        self.assertEqual(
            self.rendered("fn f() -> u8 { 7 }", ("FnValue", "7", "0"), ("FnValue", "7", "1")),
            "fn f() -> u8 {if is(1) { return 0; } if is(2) { return 1; }  7 }",
        )

    def test_a_nested_function_is_not_the_one_around_it(self):
        text = "fn f() { fn g() -> u8 { 7 } g(); }"
        self.assertEqual(
            self.rendered(text, ("FnValue", "fn g", "()"), ("FnValue", "7", "0")),
            "fn f() {if is(1) { return (); }  fn g() -> u8 {if is(2) { return 0; }  7 } g(); }",
        )

    def test_a_deleted_arm_and_a_guard_share_one_condition(self):
        text = "fn f() { match a { 1 if b => c, _ => d } }"
        self.assertEqual(
            self.rendered(
                text, ("MatchArm", "1 if", ""), ("MatchArmGuard", "b =", "true"), ("MatchArmGuard", "b =", "false")
            ),
            "fn f() { match a { 1 if !is(1) && ((is(2) || !is(3) && (b))) => c, _ => d } }",
        )

    def test_an_arm_stays_where_no_other_takes_the_rest(self):
        text = "fn f() { match a { 1 => c, other => d } }"
        self.assertEqual(self.mutants_without_a_place(text, ("MatchArm", "1", "")), 1)

    def test_a_let_chain_has_no_other_operator(self):
        text = "fn f() { if let Some(a) = b && c {} }"
        self.assertEqual(self.mutants_without_a_place(text, ("BinaryOperator", "&&", "||")), 1)

    def mutants_without_a_place(self, text, *changes):
        mutants = [mutant(number, text, *change) for number, change in enumerate(changes, 1)]
        rewrite.Source(text).place(mutants)
        return sum(each.node is None for each in mutants)

    def test_a_field_that_is_left_out_comes_from_the_base(self):
        self.assertEqual(
            self.rendered("fn f() -> S { S { a: 1, ..s } }", ("StructField", "a:", "")),
            "fn f() -> S { (if is(1) { S { ..s } } else { S { a: 1, ..s } }) }",
        )

    def test_columns_count_characters_and_not_bytes(self):
        self.assertEqual(
            self.rendered('fn f() -> bool { "äöü" == b }', ("BinaryOperator", "==", "!=")),
            'fn f() -> bool { (is(1) ^ ("äöü" == b)) }',
        )

    def test_an_error_is_about_the_innermost_mutants_around_it(self):
        text = "fn f() -> bool { a + 1 < b }"
        source = rewrite.Source(text)
        mutants = [
            mutant(1, text, "BinaryOperator", "+", "-"),
            mutant(2, text, "BinaryOperator", "<", "<="),
            mutant(3, text, "BinaryOperator", "<", "=="),
        ]
        source.place(mutants)
        marked = source.render(mutants).encode()
        for piece, numbers in ((b"l - r", [1]), (b"l + r", [1]), (b"*l == *r", [3]), (b"*l < *r", [2, 3])):
            with self.subTest(piece):
                start = marked.index(piece)
                self.assertEqual(rewrite.blamed(marked, start, start + len(piece)), numbers)


if __name__ == "__main__":
    unittest.main()
