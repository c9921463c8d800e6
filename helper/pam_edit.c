// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/pam_edit.h"

static const char step[] = "pam edit";

const struct pam_placement pam_placements[] = {
	/* above every other close hook: the session's processes end before the others tidy up */
	{PAM_DOOR_LOGIN, PAM_TYPE_SESSION, false, "close",
	 "session required pam_confine.so close\n"},
	/* below every other setcred hook: none of them runs as root inside the container */
	{PAM_DOOR_LOGIN, PAM_TYPE_AUTH, true, "", "auth required pam_confine.so\n"},
	/* below every other open hook: the container sees the session as they leave it */
	{PAM_DOOR_LOGIN, PAM_TYPE_SESSION, true, "", "session required pam_confine.so\n"},
	/* above every other account line: no "sufficient" can pass it by */
	{PAM_DOOR_REFUSE, PAM_TYPE_ACCOUNT, false, "", "account required pam_confine.so\n"},
	{.text = NULL},
};

bool pam_edit_plain(const struct pam_line *line)
{
	if (!pam_line_ours(line) || strchr(line->module, '/') ||
	    strcasecmp(line->control, "required") != 0)
		return false;
	for (size_t i = 0; pam_placements[i].text; i++)
		if (line->types == 1u << pam_placements[i].type &&
		    strcmp(line->arguments, pam_placements[i].arguments) == 0)
			return true;
	return false;
}

/* Index of the line at which a placement stands, or count if the file has none of the type. */
static size_t placement_index(const struct pam_file *file, const struct pam_placement *placement)
{
	size_t found = file->count;

	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];

		if (pam_line_ours(line) || !(line->types & 1u << placement->type))
			continue;
		found = i;
		if (!placement->last)
			break;
	}
	return found;
}

static void append(char *text, size_t *used, const char *bytes, size_t length)
{
	memcpy(text + *used, bytes, length);
	*used += length;
}

static void append_placements(char *text, size_t *used, const struct pam_file *file, int door,
			      size_t index, bool after)
{
	for (size_t p = 0; pam_placements[p].text; p++)
		if ((int)pam_placements[p].door == door && pam_placements[p].last == after &&
		    placement_index(file, &pam_placements[p]) == index)
			append(text, used, pam_placements[p].text, strlen(pam_placements[p].text));
}

/*
 * Writes all lines but ours, and those of a door (-1: none). A file whose last line has no line
 * end keeps it so, whichever line becomes the last; that makes disabling the inverse of enabling.
 */
static int render(const struct pam_file *file, int door, char **ret_text, size_t *ret_length,
		  struct error *error)
{
	bool unterminated = file->length > 0 && file->text[file->length - 1] != '\n';
	size_t size = file->length + 2, used = 0;
	char *text;

	for (size_t p = 0; pam_placements[p].text; p++)
		size += strlen(pam_placements[p].text);
	text = malloc(size);
	if (!text)
		return error_set(error, ENOMEM, step, "out of memory");
	for (size_t i = 0; i < file->count; i++) {
		const struct pam_line *line = &file->lines[i];

		append_placements(text, &used, file, door, i, false);
		if (!pam_line_ours(line))
			append(text, &used, file->text + line->start, line->end - line->start);
		if (used > 0 && text[used - 1] != '\n')
			text[used++] = '\n';
		append_placements(text, &used, file, door, i, true);
	}
	if (unterminated && used > 0)
		used--;
	text[used] = '\0';
	*ret_text = text;
	*ret_length = used;
	return 0;
}

int pam_edit_enable(const struct pam_file *file, enum pam_door door, char **ret_text,
		    size_t *ret_length, struct error *error)
{
	for (size_t i = 0; i < file->count; i++)
		if (pam_line_ours(&file->lines[i]) && !pam_edit_plain(&file->lines[i]))
			return error_set(error, EEXIST, step,
					 "%s:%u: a pam_confine.so line with options of its own: "
					 "move it by hand, or disable the service first",
					 file->name, file->lines[i].number);
	for (size_t p = 0; pam_placements[p].text; p++)
		if (pam_placements[p].door == door &&
		    placement_index(file, &pam_placements[p]) == file->count)
			return error_set(error, ENOENT, step,
					 "%s: has no %s line, so that those of \"other\" are in "
					 "force; write them into the file first",
					 file->name, pam_type_name(pam_placements[p].type));
	return render(file, (int)door, ret_text, ret_length, error);
}

int pam_edit_disable(const struct pam_file *file, char **ret_text, size_t *ret_length,
		     struct error *error)
{
	return render(file, -1, ret_text, ret_length, error);
}
