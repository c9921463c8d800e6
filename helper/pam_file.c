// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/pam_file.h"
#include "policy/cleanup.h"

#define INCLUDE_DEPTH_MAX 16 /* libpam stops at 32; nobody needs a tenth of it */

static const char step[] = "pam file";
static const char white[] = " \t\n";
static const char module_name[] = "pam_confine.so";

static const char *const type_names[PAM_TYPES] = {
	[PAM_TYPE_AUTH] = "auth",
	[PAM_TYPE_ACCOUNT] = "account",
	[PAM_TYPE_PASSWORD] = "password",
	[PAM_TYPE_SESSION] = "session",
};

const char *pam_type_name(enum pam_type type)
{
	assert(type < PAM_TYPES);
	return type_names[type];
}

bool pam_line_ours(const struct pam_line *line)
{
	const char *slash;

	if (line->kind != PAM_LINE_MODULE)
		return false;
	slash = strrchr(line->module, '/');
	return strcmp(slash ? slash + 1 : line->module, module_name) == 0;
}

/*
 * Takes the next word of *rest, ending it with a NUL: up to white space or, where it begins with
 * '[', up to a ']' without a backslash before it. NULL at the end.
 */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, white), *end;

	if (*word == '\0')
		return NULL;
	if (*word == '[') {
		for (end = word + 1; *end && (*end != ']' || end[-1] == '\\'); end++)
			;
		if (*end == ']')
			end++;
	} else {
		end = word + strcspn(word, white);
	}
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static int type_of(const char *word)
{
	if (word[0] == '-') /* libpam: do not log that the module is missing */
		word++;
	for (int type = 0; type < PAM_TYPES; type++)
		if (strcasecmp(word, type_names[type]) == 0)
			return type;
	return -1;
}

static int bad_line(const struct pam_file *file, unsigned number, const char *what,
		    const char *word, struct error *error)
{
	return error_set(error, EINVAL, step, "%s:%u: %s%s%s%s", file->name, number, what,
			 word ? " \"" : "", word ? word : "", word ? "\"" : "");
}

/* Takes words, which is the line without comments and continuations, apart. */
static int line_parse_words(const struct pam_file *file, struct pam_line *line, char *words,
			    struct error *error)
{
	char *type_word = next_word(&words), *control = NULL, *module;
	int type;

	if (!type_word)
		return 0;
	if (strcasecmp(type_word, "@include") == 0) {
		line->kind = PAM_LINE_INCLUDE;
	} else {
		type = type_of(type_word);
		if (type < 0)
			return bad_line(file, line->number,
					"expected auth, account, password, session or @include, "
					"not",
					type_word, error);
		line->kind = PAM_LINE_MODULE;
		line->types = 1u << type;
		control = next_word(&words);
		if (!control)
			return bad_line(file, line->number, "no control after", type_word, error);
		if (strcasecmp(control, "include") == 0)
			line->kind = PAM_LINE_INCLUDE;
		else if (strcasecmp(control, "substack") == 0)
			line->kind = PAM_LINE_SUBSTACK;
	}
	module = next_word(&words);
	if (!module)
		return bad_line(file, line->number, "no module or file name after",
				control ? control : type_word, error);
	words += strspn(words, white);
	for (size_t end = strlen(words); end > 0 && strchr(white, words[end - 1]); end--)
		words[end - 1] = '\0';
	line->control = control ? strdup(control) : NULL;
	line->module = strdup(module);
	line->arguments = strdup(words);
	if ((control && !line->control) || !line->module || !line->arguments)
		return error_set(error, ENOMEM, step, "out of memory");
	return 0;
}

/*
 * Appends one physical line to words, without comment; true if the line goes on. As libpam: a
 * backslash before the end of the line, white space aside, unless a comment follows.
 */
static bool append_physical(char *words, size_t *used, const char *text, size_t length)
{
	const char *comment = memchr(text, '#', length);
	size_t keep = comment ? (size_t)(comment - text) : length;

	memcpy(words + *used, text, keep);
	*used += keep;
	words[*used] = '\0';
	if (comment)
		return false;
	while (keep > 0 && strchr(white, text[keep - 1]))
		keep--;
	if (keep == 0 || text[keep - 1] != '\\')
		return false;
	*used -= length - keep + 1;
	words[(*used)++] = ' ';
	words[*used] = '\0';
	return true;
}

static bool physical_blank(const char *text, size_t length)
{
	size_t first = 0;

	while (first < length && strchr(white, text[first]))
		first++;
	return first == length || text[first] == '#';
}

/* Parses the line that begins at line->start; sets its end and adds its physical lines to *number.
 */
static int line_parse(const struct pam_file *file, struct pam_line *line, unsigned *number,
		      struct error *error)
{
	cleanup_free char *words = malloc(file->length - line->start + 1);
	size_t used = 0, position = line->start;
	bool more = true;

	if (!words)
		return error_set(error, ENOMEM, step, "out of memory");
	for (line->number = *number; more; (*number)++) {
		const char *text = file->text + position;
		const char *newline = memchr(text, '\n', file->length - position);
		size_t length = newline ? (size_t)(newline - text) + 1 : file->length - position;

		if (position > line->start && physical_blank(text, length))
			return bad_line(file, line->number,
					"a backslash continues this line, but nothing follows "
					"(libpam's versions differ here)",
					NULL, error);
		more = append_physical(words, &used, text, length);
		if (position == line->start && physical_blank(text, length))
			more = false;
		position += length;
	}
	line->end = position;
	return line_parse_words(file, line, words, error);
}

static int parse_at_depth(const char *name, const char *text, size_t length,
			  const struct pam_reader *reader, unsigned depth,
			  struct pam_file **ret_file, struct error *error);

static int line_include(const struct pam_file *file, struct pam_line *line,
			const struct pam_reader *reader, unsigned depth, struct error *error)
{
	cleanup_free char *text = NULL;
	size_t length;
	int result;

	if (depth >= INCLUDE_DEPTH_MAX)
		return error_set(error, ELOOP, step, "%s:%u: includes go more than %d deep",
				 file->name, line->number, INCLUDE_DEPTH_MAX);
	result = reader->read(reader->context, line->module, &text, &length, error);
	if (result < 0)
		return result;
	result = parse_at_depth(line->module, text, length, reader, depth + 1, &line->included,
				error);
	if (result < 0 || line->control)
		return result;
	for (size_t i = 0; i < line->included->count; i++)
		line->types |= line->included->lines[i].types;
	return 0;
}

static int add_line(struct pam_file *file, size_t start)
{
	struct pam_line *lines = reallocarray(file->lines, file->count + 1, sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	file->lines = lines;
	lines[file->count++] = (struct pam_line){.start = start, .end = start};
	return 0;
}

static void destroy_file(struct pam_file **file)
{
	pam_file_destroy(*file);
}

static int parse_at_depth(const char *name, const char *text, size_t length,
			  const struct pam_reader *reader, unsigned depth,
			  struct pam_file **ret_file, struct error *error)
{
	__attribute__((cleanup(destroy_file))) struct pam_file *file = calloc(1, sizeof(*file));
	unsigned number = 1;

	if (!file || !(file->name = strdup(name)) || !(file->text = calloc(1, length + 1)))
		return error_set(error, ENOMEM, step, "out of memory");
	memcpy(file->text, text, length);
	file->length = length;
	if (memchr(text, '\0', length))
		return error_set(error, EINVAL, step, "%s: holds a NUL byte", name);
	for (size_t position = 0; position < length;) {
		struct pam_line *line;
		int result = add_line(file, position);

		if (result < 0)
			return error_set(error, -result, step, "out of memory");
		line = &file->lines[file->count - 1];
		result = line_parse(file, line, &number, error);
		if (result == 0 && line->kind >= PAM_LINE_INCLUDE)
			result = line_include(file, line, reader, depth, error);
		if (result < 0)
			return result;
		position = line->end;
	}
	*ret_file = steal_pointer(&file);
	return 0;
}

int pam_file_parse(const char *name, const char *text, size_t length,
		   const struct pam_reader *reader, struct pam_file **ret_file, struct error *error)
{
	return parse_at_depth(name, text, length, reader, 0, ret_file, error);
}

void pam_file_destroy(struct pam_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->count; i++) {
		free(file->lines[i].control);
		free(file->lines[i].module);
		free(file->lines[i].arguments);
		pam_file_destroy(file->lines[i].included);
	}
	free(file->lines);
	free(file->name);
	free(file->text);
	free(file);
}
