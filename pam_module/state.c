// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/descriptor.h"
#include "pam_module/state.h"
#include "policy/cleanup.h"

static const char step[] = "state";
static const char data_name[] = "pam_confine";

static void tell_supervisor(int session)
{
	struct wire_session close = {.version = WIRE_VERSION, .kind = WIRE_SESSION_CLOSE};

	wire_send(session, &close, sizeof(close), NULL, 0, NULL);
}

static void destroy(struct state *state)
{
	if (!state)
		return;
	state_drop_session(state);
	view_close(&state->host);
	view_close(&state->private);
	if (state->mark)
		munmap(state->mark, (size_t)sysconf(_SC_PAGESIZE));
	free(state);
}

/*
 * pam_end(3). Services call it in forks too, some as the user: there it only lets go of copies. In
 * the opener with a session still open, nobody can close it any more: the supervisor is told.
 */
static void forget(pam_handle_t *handle, void *data, int status)
{
	struct state *state = data;

	(void)handle, (void)status;
	if (state_is_opener(state) && state->phase == STATE_CONFINED)
		tell_supervisor(state->fds[WIRE_FD_SESSION]);
	destroy(state);
}

struct state *state_find(pam_handle_t *handle)
{
	const void *data = NULL;

	if (pam_get_data(handle, data_name, &data) != PAM_SUCCESS)
		return NULL;
	return (struct state *)data;
}

static int make_mark(unsigned char **ret_mark, struct error *error)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *mark =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int result;

	if (mark == MAP_FAILED)
		return error_errno(error, step, "mapping a page");
	if (madvise(mark, size, MADV_WIPEONFORK) < 0) {
		result = error_errno(error, step, "MADV_WIPEONFORK");
		munmap(mark, size);
		return result;
	}
	*mark = 1;
	*ret_mark = mark;
	return 0;
}

int state_make(pam_handle_t *handle, struct state **ret_state, struct error *error)
{
	struct state *state = state_find(handle);
	int result = 0;

	if (state) {
		*ret_state = state;
		return 0;
	}
	state = calloc(1, sizeof(*state));
	if (!state)
		return error_set(error, ENOMEM, step, "no memory");
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		state->fds[i] = -1;
	state->host = state->private = (struct view)VIEW_NONE;
	result = make_mark(&state->mark, error);
	if (result == 0 && pam_set_data(handle, data_name, state, forget) != PAM_SUCCESS)
		result = error_set(error, ENOMEM, step, "pam_set_data");
	if (result < 0) {
		destroy(state);
		return result;
	}
	*ret_state = state;
	return 0;
}

bool state_is_opener(const struct state *state)
{
	return *state->mark == 1;
}

void state_drop_session(struct state *state)
{
	descriptor_close_all(state->fds, WIRE_REPLY_FDS);
	free(state->reply);
	state->reply = NULL;
}
