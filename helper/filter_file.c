// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/filter_compile.h"
#include "helper/filter_file.h"
#include "policy/cleanup.h"
#include "policy/source.h"

static const char step[] = "filter";

#define WORDS_MAX  4
#define WORD_SIZE  64
#define SUFFIX	   ".policy"
#define ERRNO_LAST 4095 /* the kernel cuts larger ones: MAX_ERRNO */

struct line {
	const char *path;
	unsigned number;
	char words[WORDS_MAX][WORD_SIZE];
	size_t count;
};

struct parser {
	struct filter_list *list;
	bool included, allowed, denied; /* which kinds of line have been seen */
};

static int mistake(const struct line *line, struct error *error, const char *what, const char *word)
{
	return error_set(error, EINVAL, step, "%s:%u: %s: \"%s\"", line->path, line->number, what,
			 word);
}

/* Splits what stands before a comment into words. */
static int split(const char *text, size_t length, struct line *line, struct error *error)
{
	size_t at = 0, size;

	line->count = 0;
	while (at < length && text[at] != '#') {
		if (text[at] == ' ' || text[at] == '\t') {
			at++;
			continue;
		}
		for (size = 0; at + size < length && !strchr(" \t#", text[at + size]); size++)
			if (!isgraph((unsigned char)text[at + size]))
				return mistake(line, error, "a character that is not printable in",
					       line->count ? line->words[0] : "the first word");
		if (line->count == WORDS_MAX || size >= WORD_SIZE)
			return mistake(line, error, "too many or too long words after",
				       line->count ? line->words[0] : "the beginning");
		memcpy(line->words[line->count], text + at, size);
		line->words[line->count++][size] = '\0';
		at += size;
	}
	return 0;
}

/* An errno by name or number, or 0. */
static int parse_errno(const char *word)
{
	const char *name;
	char *end;
	long value;

	if (isdigit((unsigned char)word[0])) {
		value = strtol(word, &end, 10);
		return *end == '\0' && value >= 1 && value <= ERRNO_LAST ? (int)value : 0;
	}
	for (int code = 1; code < 256; code++) {
		name = strerrorname_np(code);
		if (name && strcmp(name, word) == 0)
			return code;
	}
	return 0;
}

/* The list's entry for the call of a line. */
static int find_call(struct parser *parser, const struct line *line,
		     struct filter_entry **ret_entry, struct error *error)
{
	const char *call = line->words[1];

	if (line->count < 2)
		return mistake(line, error, "the name of a system call is missing after",
			       line->words[0]);
	*ret_entry = filter_list_find(parser->list, call, strlen(call));
	if (!*ret_entry && !filter_call_exists(call))
		return mistake(line, error, "no such system call", call);
	if (!*ret_entry)
		return mistake(line, error, "a system call this version does not know yet", call);
	return 0;
}

static int parse_include(struct parser *parser, const struct line *line, struct error *error)
{
	if (line->count != 2 || strcmp(line->words[1], "default") != 0)
		return mistake(line, error, "only \"include default\" is possible, not",
			       line->count > 1 ? line->words[1] : "");
	if (parser->allowed || parser->denied || parser->included)
		return mistake(line, error, "must be the first line, and once", "include default");
	parser->included = true;
	filter_list_default(parser->list);
	return 0;
}

static int parse_allow(struct parser *parser, const struct line *line, struct error *error)
{
	struct filter_entry *entry;
	const struct call_check *check;
	int result = find_call(parser, line, &entry, error);

	if (result < 0)
		return result;
	if (line->count > 3 || (line->count == 3 && strcmp(line->words[2], "any") != 0))
		return mistake(line, error, "only \"any\" can follow the call, not",
			       line->words[2]);
	parser->allowed = true;
	check = line->count == 3 ? NULL : filter_check_find(entry->call, entry->length);
	entry->rule = check ? (struct call_rule){CALL_CHECK, check->error, check}
			    : (struct call_rule){CALL_ALLOW, 0, NULL};
	return 0;
}

static int parse_deny(struct parser *parser, const struct line *line, struct error *error)
{
	struct filter_entry *entry;
	int code = EPERM, result = find_call(parser, line, &entry, error);

	if (result < 0)
		return result;
	if (line->count > 3)
		return mistake(line, error, "nothing can follow the errno, not", line->words[3]);
	if (line->count == 3)
		code = parse_errno(line->words[2]);
	if (code == 0)
		return mistake(line, error, "not an errno such as EPERM or 1", line->words[2]);
	parser->denied = true;
	entry->rule = (struct call_rule){CALL_REFUSE, code, NULL};
	return 0;
}

static const struct {
	const char *word;
	int (*parse)(struct parser *parser, const struct line *line, struct error *error);
} words[] = {
	{"allow", parse_allow},
	{"deny", parse_deny},
	{"include", parse_include},
};

static int parse_line(struct parser *parser, const struct line *line, struct error *error)
{
	if (line->count == 0)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line->words[0], words[i].word) == 0)
			return words[i].parse(parser, line, error);
	return mistake(line, error, "a line begins with allow, deny or include, not",
		       line->words[0]);
}

int filter_file_parse(const char *text, size_t length, const char *path, struct filter_list *list,
		      struct error *error)
{
	struct parser parser = {.list = list};
	struct line line = {.path = path};
	const char *end = text + length, *stop;
	int result;

	filter_list_none(list);
	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		line.number++;
		result = split(text, (size_t)(stop - text), &line, error);
		if (result == 0)
			result = parse_line(&parser, &line, error);
		if (result < 0)
			return result;
		if (stop == end)
			break;
	}
	if (!parser.allowed && !parser.included)
		return error_set(error, EINVAL, step,
				 "%s: lets nothing through: it has neither \"include default\" nor "
				 "an allow line",
				 path);
	return 0;
}

/* What has the directories with lists below it; of the name only length bytes count. */
static const struct place {
	const char *name;
	size_t length;
} places[] = {
	{CONFINE_CONFIG, sizeof(CONFINE_CONFIG) - sizeof("/confine.conf")},
	{CONFINE_VENDOR_DIR, sizeof(CONFINE_VENDOR_DIR) - 1},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

/* The path of a list, to be freed, or NULL. */
static char *path_of(const struct place *place, const char *name, const char *suffix)
{
	char *path = NULL;

	if (asprintf(&path, "%.*s/seccomp/%s%s", (int)place->length, place->name, name, suffix) < 0)
		return NULL;
	return path;
}

static bool is_list(const char *name)
{
	size_t length = strlen(name), end = sizeof(SUFFIX) - 1;

	return name[0] != '.' && length > end && strcmp(name + length - end, SUFFIX) == 0;
}

static void open_place(struct sources *sources, const struct place *place)
{
	cleanup_free char *name = path_of(place, "", "");
	DIR *directory = name ? opendir(name) : NULL;
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		cleanup_free char *path = path_of(place, entry->d_name, "");

		if (path && is_list(entry->d_name))
			sources_add(sources, path, SOURCE_TOLERANT, NULL);
	}
	closedir(directory);
}

void filter_lists_open(struct filter_lists *lists)
{
	for (size_t i = 0; i < PLACES; i++)
		open_place(&lists->opened, &places[i]);
}

static struct source *find_opened(struct filter_lists *lists, const char *path)
{
	for (size_t i = 0; lists && i < lists->opened.count; i++)
		if (strcmp(lists->opened.list[i].path, path) == 0)
			return &lists->opened.list[i];
	return NULL;
}

/* Two profiles may name one list: the text stays with the source. */
static int read_source(struct source *source, char **ret_text, size_t *ret_length,
		       struct error *error)
{
	int result = source->text ? 0 : source_read(source, error);

	if (result < 0)
		return result;
	if (source->size > FILTER_FILE_MAX)
		return error_set(error, EFBIG, step, "%s: %zu bytes; at most %d make sense",
				 source->path, source->size, FILTER_FILE_MAX);
	*ret_text = malloc(source->size + 1);
	if (!*ret_text)
		return error_set(error, ENOMEM, step, "no memory");
	memcpy(*ret_text, source->text, source->size + 1);
	*ret_length = source->size;
	return 0;
}

static int read_path(const char *path, struct filter_lists *lists, char **ret_text,
		     size_t *ret_length, struct error *error)
{
	cleanup_sources struct sources sources = {0};
	struct source *source = find_opened(lists, path);
	int result;

	if (source)
		return read_source(source, ret_text, ret_length, error);
	result = sources_add(&sources, path, lists ? lists->flags : 0, error);
	return result < 0 ? result : read_source(&sources.list[0], ret_text, ret_length, error);
}

static int read_word(const char *word, struct filter_lists *lists, char **ret_text,
		     size_t *ret_length, char **ret_path, struct error *error)
{
	int result;

	if (strchr(word, '/') || word[0] == '.' || word[0] == '\0')
		return error_set(error, EINVAL, step,
				 "\"%s\": neither an absolute path nor the name of a list", word);
	for (size_t i = 0; i < PLACES; i++) {
		cleanup_free char *path = path_of(&places[i], word, SUFFIX);

		if (!path)
			return error_set(error, ENOMEM, step, "no memory");
		result = read_path(path, lists, ret_text, ret_length, error);
		if (result == 0)
			*ret_path = steal_pointer(&path);
		if (result != -ENOENT)
			return result;
	}
	return error_set(error, ENOENT, step,
			 "no list \"%s\": neither %.*s/seccomp/%s.policy nor %s/seccomp/%s.policy",
			 word, (int)places[0].length, places[0].name, word, places[1].name, word);
}

int filter_file_read(const char *name, struct filter_lists *lists, char **ret_text,
		     size_t *ret_length, char **ret_path, struct error *error)
{
	cleanup_free char *path = NULL;
	int result;

	if (name[0] != '/')
		return read_word(name, lists, ret_text, ret_length, ret_path, error);
	path = strdup(name);
	if (!path)
		return error_set(error, ENOMEM, step, "no memory");
	result = read_path(path, lists, ret_text, ret_length, error);
	if (result == 0)
		*ret_path = steal_pointer(&path);
	return result;
}
