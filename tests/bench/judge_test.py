"""The bench's judgement: a figure that grew fails, one that is as recorded passes."""
import os
import sys
import unittest
from pathlib import Path
from unittest import mock

BENCHES = Path(__file__).resolve().parents[2] / "benches"


def judge(found, recorded):
    with mock.patch.object(sys, "path", [str(BENCHES), *sys.path]):
        import check
    return check.judge({form: (figures, check.TOLERANCE) for form, figures in found.items()}, recorded)


class Judgement(unittest.TestCase):
    recorded = {"send": {"waits": 1.0, "instructions": 20000.0}}

    def test_what_is_as_recorded_or_within_its_tolerance_passes(self):
        for instructions in (20000.0, 21900.0, 15000.0):
            lines, good = judge({"send": {"waits": 1.0, "instructions": instructions}}, self.recorded)
            self.assertTrue(good, lines)

    def test_one_wait_more_or_an_eighth_more_instructions_fail(self):
        for figures in ({"waits": 2.0, "instructions": 20000.0}, {"waits": 1.0, "instructions": 22500.0}):
            lines, good = judge({"send": figures}, self.recorded)
            self.assertFalse(good)
            self.assertEqual(sum("GREW" in line for line in lines), 1)

    def test_a_figure_or_a_form_without_its_counterpart_fails(self):
        self.assertFalse(judge({}, self.recorded)[1])
        self.assertFalse(judge({"send": {"records": 1.0}}, {"send": {}})[1])

    def test_what_cannot_be_counted_fails_only_where_all_is_required(self):
        for required, expected in (("0", True), ("1", False)):
            with mock.patch.dict(os.environ, {"SECSMTP_REQUIRE_ALL": required}):
                self.assertEqual(judge({"send": {"waits": None}}, {"send": {}})[1], expected)


if __name__ == "__main__":
    unittest.main()
