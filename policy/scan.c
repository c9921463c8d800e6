// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/cleanup.h"
#include "policy/scan.h"

#define BLANKS "\t "
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum where { BEFORE_SECTIONS, IN_SECTION, IN_DOUBT };

struct scanner {
	struct scan *scan;
	struct problems *problems;
	unsigned line;
	enum where where;
	bool carriage_return; /* reported once a file, not once a line */
	bool joined;	      /* the line before ends in a backslash */
	bool full;
};

#define scan_problem(scanner, key, ...)                                                            \
	problem_add((scanner)->problems, EINVAL, (scanner)->scan->file, (scanner)->line, key,      \
		    __VA_ARGS__)

const char *section_kind_name(enum section_kind kind)
{
	static const char *const names[] = {
		[SECTION_GLOBAL] = "global",
		[SECTION_MATCH] = "match",
		[SECTION_PROFILE] = "profile",
	};

	return names[kind];
}

/* Cuts the white space around text, in place. */
static char *text_strip(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(BLANKS, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static void text_lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static bool name_valid(const char *name, const char *allowed)
{
	size_t length = strlen(name);

	return length > 0 && length <= SCAN_NAME_MAX && strspn(name, allowed) == length;
}

/* Room for one more in *array; 0 or -ENOMEM. Counts that are powers of two are where it grows. */
static int array_grow(void **array, size_t count, size_t size)
{
	size_t room = count ? 2 * count : 16;
	void *grown;

	if (count && (count < 16 || (count & (count - 1))))
		return 0;
	grown = reallocarray(*array, room, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

/* Finds kind and name in what stands between the brackets; -EINVAL after reporting. */
static int section_parse(struct scanner *scanner, char *inside, enum section_kind *ret_kind,
			 char **ret_name)
{
	size_t length = strcspn(inside, BLANKS);
	char *name = inside + length + strspn(inside + length, BLANKS);
	int kind;

	for (kind = SECTION_GLOBAL; kind <= SECTION_PROFILE; kind++)
		if (strlen(section_kind_name(kind)) == length &&
		    strncasecmp(inside, section_kind_name(kind), length) == 0)
			break;
	if (kind > SECTION_PROFILE) {
		scan_problem(scanner, NULL,
			     "[%.64s]: no such section; there are [global], [match NAME] and "
			     "[profile NAME]",
			     inside);
		return -EINVAL;
	}
	if (kind == SECTION_GLOBAL ? *name != '\0' : !name_valid(name, LOWER UPPER DIGITS "._-")) {
		scan_problem(scanner, NULL, "[%.64s]: %s", inside,
			     kind == SECTION_GLOBAL
				     ? "global takes no name"
				     : "a name of at most 64 letters, digits, '.', '_' and '-' "
				       "belongs after the first word");
		return -EINVAL;
	}
	*ret_kind = (enum section_kind)kind;
	*ret_name = name;
	return 0;
}

static void section_unique(struct scanner *scanner, const struct section *section)
{
	for (size_t i = 0; i < scanner->scan->section_count; i++) {
		struct section *other = &scanner->scan->sections[i];

		if (other->kind != section->kind || strcasecmp(other->name, section->name) != 0)
			continue;
		other->repeated = true;
		scan_problem(scanner, NULL, "[%s]: %s stands already at line %u; write it once",
			     section->title,
			     strcmp(other->name, section->name) == 0
				     ? "this section"
				     : "a section that differs in case only",
			     other->line);
		return;
	}
}

static int section_add(struct scanner *scanner, char *inside)
{
	struct scan *scan = scanner->scan;
	struct section section = {.line = scanner->line};
	char *name;

	if (scan->section_count >= SCAN_SECTIONS_MAX) {
		scan_problem(scanner, NULL, "more than %d sections in one file", SCAN_SECTIONS_MAX);
		scanner->full = true;
		return 0;
	}
	if (section_parse(scanner, inside, &section.kind, &name) < 0)
		return 0;
	section.name = name;
	/* a copy: the name keeps its case, iniparser knows titles in lower case only */
	section.title = strdup(inside);
	if (!section.title)
		return -ENOMEM;
	text_lower((char *)section.title);
	section.first = scan->entry_count;
	section_unique(scanner, &section);
	if (array_grow((void **)&scan->sections, scan->section_count, sizeof(section)) < 0) {
		free((char *)section.title);
		return -ENOMEM;
	}
	scan->sections[scan->section_count++] = section;
	scanner->where = IN_SECTION;
	return 0;
}

static int scan_header(struct scanner *scanner, char *line)
{
	char *end = strchr(line, ']'), *rest;

	scanner->where = IN_DOUBT;
	if (!end) {
		scan_problem(scanner, NULL, "the closing ']' of the section is missing");
		return 0;
	}
	rest = end + 1 + strspn(end + 1, BLANKS);
	if (*rest && *rest != ';' && *rest != '#') {
		scan_problem(scanner, NULL, "nothing but a comment may follow the ']'");
		return 0;
	}
	*end = '\0';
	return section_add(scanner, text_strip(line + 1));
}

/* The value of a line after its '='; NULL after reporting. Cuts in place. */
static char *value_parse(struct scanner *scanner, const char *key, char *text)
{
	char *end, *rest;

	text += strspn(text, BLANKS);
	if (*text == '"' || *text == '\'') {
		end = strchr(text + 1, *text);
		if (!end) {
			scan_problem(scanner, key, "the quote %c is not closed", *text);
			return NULL;
		}
		rest = end + 1 + strspn(end + 1, BLANKS);
		if (*rest && *rest != ';' && *rest != '#') {
			scan_problem(scanner, key, "nothing but a comment may follow the quote");
			return NULL;
		}
		*end = '\0';
		return text + 1;
	}
	end = text + strcspn(text, ";#");
	if (*end && end > text && !strchr(BLANKS, end[-1])) {
		scan_problem(scanner, key,
			     "'%c' begins a comment; put a space before it, or quote the value",
			     *end);
		return NULL;
	}
	*end = '\0';
	text = text_strip(text);
	if (strpbrk(text, "\"'")) {
		scan_problem(scanner, key, "a quote inside the value; quote the whole value");
		return NULL;
	}
	return text;
}

static bool entry_unique(struct scanner *scanner, const char *name)
{
	struct scan *scan = scanner->scan;

	for (size_t i = scan->sections[scan->section_count - 1].first; i < scan->entry_count; i++) {
		if (strcmp(scan->entries[i].name, name) != 0)
			continue;
		scan->entries[i].repeated = true;
		scan_problem(scanner, name, "set already at line %u; write it once",
			     scan->entries[i].line);
		return false;
	}
	return true;
}

static int entry_add(struct scanner *scanner, const char *name, const char *value)
{
	struct scan *scan = scanner->scan;

	if (scan->entry_count >= SCAN_ENTRIES_MAX) {
		scan_problem(scanner, NULL, "more than %d keys in one file", SCAN_ENTRIES_MAX);
		scanner->full = true;
		return 0;
	}
	if (!entry_unique(scanner, name))
		return 0;
	if (array_grow((void **)&scan->entries, scan->entry_count, sizeof(*scan->entries)) < 0)
		return -ENOMEM;
	scan->entries[scan->entry_count++] =
		(struct entry){.name = name, .value = value, .line = scanner->line};
	scan->sections[scan->section_count - 1].count++;
	return 0;
}

static int scan_setting(struct scanner *scanner, char *line)
{
	char *equals = strchr(line, '='), *name, *value;

	if (!equals) {
		scan_problem(scanner, NULL,
			     "\"%.64s\" is neither a [section] nor a \"key = value\"", line);
		return 0;
	}
	*equals = '\0';
	name = text_strip(line);
	text_lower(name);
	if (!name_valid(name, LOWER DIGITS "-")) {
		scan_problem(scanner, NULL, "\"%.64s\" is no key; keys are letters, digits and '-'",
			     name);
		return 0;
	}
	if (scanner->where == BEFORE_SECTIONS) {
		scan_problem(scanner, name,
			     "stands before the first section; put it below "
			     "[global], [match NAME] or [profile NAME]");
		return 0;
	}
	value = value_parse(scanner, name, equals + 1);
	if (!value || scanner->where == IN_DOUBT)
		return 0;
	return entry_add(scanner, name, value);
}

/* Whether the bytes of a line are fit to be read at all; reports if not. */
static bool line_sane(struct scanner *scanner, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if (byte == '\r' && !scanner->carriage_return)
			scan_problem(scanner, NULL,
				     "carriage return; save the file with Unix line ends (LF)");
		else if (byte != '\r' && byte != '\t' && (byte < 0x20 || byte == 0x7f))
			scan_problem(scanner, NULL, "control character \\x%02x", byte);
		scanner->carriage_return |= byte == '\r';
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	if (length > SCAN_LINE_MAX)
		scan_problem(scanner, NULL, "line of %zu bytes; at most %d can be read", length,
			     SCAN_LINE_MAX);
	return length <= SCAN_LINE_MAX;
}

/* iniparser joins lines at a backslash, even out of a comment: the next line is lost in either. */
static bool line_joined(struct scanner *scanner, const char *line)
{
	bool joined = scanner->joined;
	size_t length = strlen(line);

	scanner->joined = length > 0 && line[length - 1] == '\\';
	if (scanner->joined)
		scan_problem(scanner, NULL,
			     "a backslash at the end would join the next line; write it in one");
	return joined || scanner->joined;
}

static int scan_line(struct scanner *scanner, char *line, size_t length)
{
	if (!line_sane(scanner, line, length)) {
		/* it may have been meant as a header */
		if (*text_strip(line) == '[')
			scanner->where = IN_DOUBT;
		return 0;
	}
	line = text_strip(line);
	if (line_joined(scanner, line)) {
		if (*line == '[')
			scanner->where = IN_DOUBT;
		return 0;
	}
	if (!*line || *line == '#' || *line == ';')
		return 0;
	return *line == '[' ? scan_header(scanner, line) : scan_setting(scanner, line);
}

static int scan_lines(struct scanner *scanner, size_t size)
{
	char *line = scanner->scan->text, *end = line + size, *newline;
	int result = 0;

	while (result == 0 && line < end && !scanner->full) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		*newline = '\0';
		scanner->line++;
		result = scan_line(scanner, line, (size_t)(newline - line));
		line = newline + 1;
	}
	return result;
}

static int scan_refuse(struct scan *scan, struct problems *problems, const char *nul)
{
	unsigned line = 1;

	for (const char *at = scan->text; at < nul; at++)
		line += *at == '\n';
	problem_add(problems, EINVAL, scan->file, line, NULL, "NUL byte; this is no text file");
	return -EINVAL;
}

int scan_text(const char *file, const char *text, size_t size, struct scan *ret_scan,
	      struct problems *problems)
{
	cleanup_scan struct scan scan = {.file = strdup(file), .text = malloc(size + 1)};
	struct scanner scanner = {.scan = &scan, .problems = problems};
	const char *nul;
	int result;

	if (!scan.file || !scan.text)
		return -ENOMEM;
	if (size)
		memcpy(scan.text, text, size);
	scan.text[size] = '\0';
	nul = memchr(scan.text, '\0', size);
	if (nul)
		return scan_refuse(&scan, problems, nul);
	result = scan_lines(&scanner, size);
	if (result < 0)
		return result;
	*ret_scan = scan;
	scan = (struct scan){0};
	return 0;
}

void scan_finish(struct scan *scan)
{
	for (size_t i = 0; i < scan->section_count; i++)
		free((char *)scan->sections[i].title);
	free(scan->sections);
	free(scan->entries);
	free(scan->text);
	free(scan->file);
	*scan = (struct scan){0};
}

const struct entry *scan_entry(const struct scan *scan, const struct section *section,
			       const char *name)
{
	for (size_t i = 0; i < section->count; i++)
		if (strcmp(scan->entries[section->first + i].name, name) == 0)
			return &scan->entries[section->first + i];
	return NULL;
}
