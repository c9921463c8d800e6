// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as a policy file: read, judged, planned; whoever a mistake would let go, the rules do. */
#include "policy/exempt.h"
#include "policy/model.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_text(data, size);
	struct source source = {.path = "F", .fd = -1, .text = text, .size = size};
	const struct sources sources = {.list = &source, .count = 1};
	cleanup_problems struct problems problems = {0};
	const struct facts facts = fuzz_user();
	struct decision decision = {0};
	struct place place = {0};
	struct policy *policy = NULL;
	struct plan *plan = NULL;

	must(policy_parse(&sources, &policy, &problems, NULL) == 0);
	must(!policy == !!problems.first.code);
	must(!policy || policy_decide(policy, &facts, &decision, NULL) == 0);
	must(!policy || !facts_exempt_by(&facts, &sources) || decision.verdict == VERDICT_IGNORE);
	while (policy && policy_next(policy, SECTION_PROFILE, &place))
		if (policy_plan(policy, place.section->name, &facts, &plan, NULL) == 0) {
			must(plan_digest(plan) == plan_digest(plan));
			plan_destroy(plan);
		}
	policy_destroy(policy);
	return 0;
}
