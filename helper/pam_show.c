// SPDX-License-Identifier: LGPL-2.1-or-later
#include <json-c/json.h>
#include <string.h>

#include "helper/pam_show.h"

void pam_show_problems(FILE *stream, const char *prefix, const struct pam_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct pam_problem *problem = &report->problems[i];

		fputs(prefix, stream);
		if (problem->file)
			fprintf(stream, "%s:%u: ", problem->file, problem->line);
		fprintf(stream, "%s%s\n", problem->warning ? "warning: " : "", problem->text);
	}
}

void pam_show_lines(const struct pam_file *file, const char *sign)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];
		int length = (int)(line->end - line->start);

		if (!pam_line_ours(line))
			continue;
		if (file->text[line->end - 1] == '\n')
			length--;
		printf("%s%5u  %.*s\n", sign, line->number, length, file->text + line->start);
	}
}

static struct json_object *json_problems(const struct pam_report *report)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct pam_problem *problem = &report->problems[i];
		struct json_object *entry = json_object_new_object();

		if (problem->file) {
			json_object_object_add(entry, "file",
					       json_object_new_string(problem->file));
			json_object_object_add(entry, "line", json_object_new_int64(problem->line));
		}
		json_object_object_add(
			entry, "severity",
			json_object_new_string(problem->warning ? "warning" : "error"));
		json_object_object_add(entry, "text", json_object_new_string(problem->text));
		json_object_array_add(list, entry);
	}
	return list;
}

static struct json_object *json_lines(const struct pam_file *file)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];
		struct json_object *entry;

		if (!pam_line_ours(line))
			continue;
		entry = json_object_new_object();
		json_object_object_add(entry, "line", json_object_new_int64(line->number));
		json_object_object_add(
			entry, "text",
			json_object_new_string_len(file->text + line->start,
						   (int)strcspn(file->text + line->start, "\n")));
		json_object_array_add(list, entry);
	}
	return list;
}

void pam_show_json(const char *path, const char *service, const struct pam_file *file,
		   const struct pam_report *report)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "service", json_object_new_string(service));
	json_object_object_add(root, "file", json_object_new_string(path));
	json_object_object_add(root, "enabled", json_object_new_boolean(report->ours > 0));
	json_object_object_add(root, "in_order", json_object_new_boolean(report->errors == 0));
	json_object_object_add(root, "lines", json_lines(file));
	json_object_object_add(root, "problems", json_problems(report));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

void pam_show_text(const char *path, const struct pam_file *file, const struct pam_report *report)
{
	if (report->ours == 0) {
		printf("%s: not enabled\n", path);
		return;
	}
	printf("%s: %s\n", path, report->errors == 0 ? "in order" : "not in order");
	pam_show_lines(file, " ");
	pam_show_problems(stdout, "  ", report);
}
