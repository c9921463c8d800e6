// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/pam_control.h"
#include "helper/pam_stack.h"

/* One walk through a stack, line after line as libpam's list of modules has them. */
struct walk {
	const struct pam_placement *placement;
	struct pam_report *report;
	size_t index;	 /* of the present line; a substack counts as one */
	size_t target;	 /* index of our line, SIZE_MAX: not seen */
	size_t found;	 /* lines of ours that fit the placement */
	unsigned number; /* line number of the last of them */
};

typedef void (*visitor)(struct walk *walk, const struct pam_file *file,
			const struct pam_line *line);

__attribute__((format(printf, 5, 6))) static void report_add(struct pam_report *report,
							     bool warning, const char *file,
							     unsigned line, const char *format, ...)
{
	struct pam_problem *problem;
	va_list arguments;

	report->errors += !warning;
	if (report->count == PAM_PROBLEMS_MAX)
		return;
	problem = &report->problems[report->count++];
	*problem = (struct pam_problem){.file = file, .line = line, .warning = warning};
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
}

/* Calls visit for every line of the walk's type at the stack's own level, includes opened up. */
static void walk_lines(struct walk *walk, const struct pam_file *file, visitor visit)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];

		if (!(line->types & 1u << walk->placement->type))
			continue;
		if (line->kind == PAM_LINE_INCLUDE) {
			walk_lines(walk, line->included, visit);
			continue;
		}
		visit(walk, file, line);
		walk->index++;
	}
}

/* Whether word is one of the words of text. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || isspace((unsigned char)at[-1])) &&
		    (at[length] == '\0' || isspace((unsigned char)at[length])))
			return true;
	return false;
}

static bool fits(const struct pam_line *line, const struct pam_placement *placement)
{
	return pam_line_ours(line) && line->types == 1u << placement->type &&
	       has_word(line->arguments, "close") == has_word(placement->arguments, "close");
}

static void locate(struct walk *walk, const struct pam_file *file, const struct pam_line *line)
{
	if (!fits(line, walk->placement))
		return;
	walk->target = walk->index;
	walk->number = line->number;
	walk->found++;
	if (strcasecmp(line->control, "required") != 0 &&
	    strcasecmp(line->control, "requisite") != 0)
		report_add(walk->report, false, file->name, line->number,
			   "pam_confine.so must be \"required\", not \"%.40s\"", line->control);
}

/* Looks at a line above ours. What happens inside a substack cannot leave it. */
static void judge(struct walk *walk, const struct pam_file *file, const struct pam_line *line)
{
	const char *type = pam_type_name(walk->placement->type);
	struct pam_effect effect;

	if (walk->index >= walk->target || line->kind == PAM_LINE_SUBSTACK)
		return;
	effect = pam_control_effect(line->control);
	if (effect.unreadable)
		report_add(walk->report, false, file->name, line->number,
			   "control \"%.60s\" is not one that libpam reads", line->control);
	if (effect.done)
		report_add(walk->report, false, file->name, line->number,
			   "\"%.60s\" ends the %s stack before pam_confine.so is reached: use a "
			   "jump, or put the line into a substack",
			   line->control, type);
	if (effect.jump > walk->target - walk->index - 1)
		report_add(walk->report, false, file->name, line->number,
			   "\"%.60s\" jumps over pam_confine.so", line->control);
	if (effect.dies_well)
		report_add(
			walk->report, true, file->name, line->number,
			"\"%.60s\" can end the %s stack before pam_confine.so although its "
			"module did not fail; unless a jump passes it, covered users are refused",
			line->control, type);
}

static void check_placement(const struct pam_file *file, const struct pam_placement *placement,
			    struct pam_report *report)
{
	struct walk walk = {.placement = placement, .report = report, .target = SIZE_MAX};
	int length = (int)strcspn(placement->text, "\n");
	size_t total;

	walk_lines(&walk, file, locate);
	total = walk.index;
	if (walk.found == 0) {
		report_add(report, false, NULL, 0, "no line \"%.*s\"", length, placement->text);
		return;
	}
	if (walk.found > 1)
		report_add(report, false, file->name, walk.number, "\"%.*s\" stands here once more",
			   length, placement->text);
	if (walk.target != (placement->last ? total - 1 : 0))
		report_add(report, false, file->name, walk.number,
			   "\"%.*s\" must be the %s %s line", length, placement->text,
			   placement->last ? "last" : "first", pam_type_name(placement->type));
	walk.index = 0;
	walk_lines(&walk, file, judge);
}

static bool fits_door(const struct pam_line *line, enum pam_door door)
{
	for (size_t p = 0; pam_placements[p].text; p++)
		if (pam_placements[p].door == door && fits(line, &pam_placements[p]))
			return true;
	return false;
}

/* Lines of ours that no placement asks for: of another type, or in a file that others include. */
static void check_strays(const struct pam_file *file, enum pam_door door, bool included,
			 struct pam_report *report)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];

		if (line->included)
			check_strays(line->included, door, true, report);
		if (!pam_line_ours(line))
			continue;
		report->ours += !included;
		if (included)
			report_add(
				report, false, file->name, line->number,
				"pam_confine.so belongs into the service's own file, not into one "
				"that it includes");
		else if (!fits_door(line, door))
			report_add(report, false, file->name, line->number,
				   "this service needs no such line of pam_confine.so");
	}
}

void pam_stack_check(const struct pam_file *file, enum pam_door door, struct pam_report *ret_report)
{
	*ret_report = (struct pam_report){0};
	check_strays(file, door, false, ret_report);
	for (size_t p = 0; pam_placements[p].text; p++)
		if (pam_placements[p].door == door)
			check_placement(file, &pam_placements[p], ret_report);
}
