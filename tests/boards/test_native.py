"""Native histograms, as a real Prometheus takes them: the same day as by classic buckets, with finer quantiles."""

import re
import time

import pytest

HISTOGRAMS = ["attune_wait_seconds", "attune_offer_answer_seconds", "attune_wrap_up_seconds", "attune_batch_records"]
# Buckets grow by 2^(1/8), and the two were not scraped at the same moment.
NEAR = 1.05


def only(found):
    (_, value), = found
    return value


@pytest.mark.parametrize("histogram", HISTOGRAMS)
def test_a_native_histogram_counts_what_the_classic_one_does(prometheus, native, histogram):
    assert native.query(f"{histogram}_bucket") == [], "there are no classic buckets where native ones are taken"
    classic, whole = (f"sum({histogram}_count)", f"sum(histogram_count({histogram}))")
    before = only(prometheus.query(classic))
    counted = only(native.query(whole))
    assert counted > 0
    after = only(prometheus.query(classic))
    assert before / NEAR <= counted <= after * NEAR


def test_a_native_quantile_is_within_the_classic_bucket(prometheus, native):
    quantile = only(native.query("histogram_quantile(0.5, sum(attune_wait_seconds))"))
    bounds = sorted({float(labels["le"]) for labels, _ in prometheus.query("attune_wait_seconds_bucket")})
    lower = max((bound for bound in bounds if bound < quantile / NEAR), default=None)
    upper = min(bound for bound in bounds if bound > quantile * NEAR)
    count = only(prometheus.query("sum(attune_wait_seconds_count)"))

    def at(bound):
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        return only(prometheus.query(f'sum(attune_wait_seconds_bucket{{le="{le}"}})')) / count

    assert at(upper) >= 0.5 / NEAR
    assert lower is None or at(lower) <= 0.5 * NEAR


def test_waits_have_exemplars_that_name_their_traces(native):
    now = time.time()
    found = native.get("query_exemplars", query="attune_wait_seconds", start=now - 600, end=now)
    exemplars = [exemplar for row in found for exemplar in row["exemplars"]]
    assert exemplars
    assert all(re.fullmatch("[0-9a-f]{32}", exemplar["labels"]["trace_id"]) for exemplar in exemplars)
    assert all(float(exemplar["value"]) >= 0 for exemplar in exemplars)


def test_counters_and_gauges_are_the_same_in_the_binary_format(prometheus, native):
    build = [labels["version"] for labels, _ in native.query("attune_build_info")]
    assert build == [labels["version"] for labels, _ in prometheus.query("attune_build_info")]
    enqueued = [
        {frozenset(labels.items()) for labels, _ in by.query("attune_contacts_enqueued_total")}
        for by in (prometheus, native)
    ]
    assert enqueued[0] == enqueued[1] != set()
