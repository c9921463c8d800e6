// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "helper/clock.h"
#include "helper/wire.h"
#include "policy/cleanup.h"

static const char step[] = "wire";

union control_buffer {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * WIRE_REPLY_FDS)];
};

int wire_send(int socket, const void *message, size_t length, const int *fds, size_t count,
	      struct error *error)
{
	struct iovec data = {.iov_base = (void *)message, .iov_len = length};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	union control_buffer control = {0};
	struct cmsghdr *rights;
	ssize_t sent;

	if (count > 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		rights = &control.align; /* CMSG_FIRSTHDR(), which might be NULL elsewhere */
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
	}
	do
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_errno(error, step, "sending %zu bytes", length);
	if ((size_t)sent != length)
		return error_set(error, EPROTO, step, "sent %zd of %zu bytes", sent, length);
	return 0;
}

static int wait_readable(int socket, int timeout_ms, struct error *error)
{
	struct pollfd poller = {.fd = socket, .events = POLLIN};
	long long end = clock_now_ms() + timeout_ms;
	int left = timeout_ms, ready;

	for (;;) {
		ready = poll(&poller, 1, left);
		if (ready > 0)
			return 0;
		if (ready == 0)
			return error_set(error, ETIMEDOUT, step, "no answer within %d ms",
					 timeout_ms);
		if (errno != EINTR)
			return error_errno(error, step, "waiting for an answer");
		if (timeout_ms >= 0)
			left = end > clock_now_ms() ? (int)(end - clock_now_ms()) : 0;
	}
}

/* Moves up to max descriptors to ret_fds, closes all beyond; returns how many there were. */
static size_t take_fds(struct msghdr *header, int *ret_fds, size_t max)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < here; i++, count++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (count < max)
				ret_fds[count] = fd;
			else
				close(fd);
		}
	}
	return count;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_fd(&fds[i]);
}

int wire_receive_some(int socket, void *message, size_t size, size_t *ret_length, int *ret_fds,
		      size_t max, size_t *ret_count, int timeout_ms, struct error *error)
{
	struct iovec data = {.iov_base = message, .iov_len = size};
	union control_buffer control;
	struct msghdr header = {.msg_iov = &data,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	ssize_t length;
	size_t count;
	int result = wait_readable(socket, timeout_ms, error);

	if (result < 0)
		return result;
	do
		length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return error_errno(error, step, "receiving");
	count = take_fds(&header, ret_fds, max);
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (count != 0 && count != max)) {
		close_all(ret_fds, count < max ? count : max);
		return error_set(error, EPROTO, step,
				 "a message that does not fit: %zd bytes, "
				 "%zu descriptors",
				 length, count);
	}
	if (length == 0) {
		close_all(ret_fds, count);
		return error_set(error, ECONNRESET, step, "the other side has gone");
	}
	*ret_length = (size_t)length;
	*ret_count = count;
	return 0;
}

int wire_receive(int socket, void *message, size_t size, size_t *ret_length, int *ret_fds,
		 size_t count, int timeout_ms, struct error *error)
{
	size_t got = 0;
	int result = wire_receive_some(socket, message, size, ret_length, ret_fds, count, &got,
				       timeout_ms, error);

	if (result < 0)
		return result;
	if (got == count)
		return 0;
	close_all(ret_fds, got);
	return error_set(error, EPROTO, step, "%zu descriptors where %zu were expected", got,
			 count);
}

static int text_ends(const char *text, size_t size, const char *what, struct error *error)
{
	if (memchr(text, '\0', size))
		return 0;
	return error_set(error, EPROTO, step, "%s is not terminated", what);
}

static int check_version(uint32_t version, struct error *error)
{
	if (version == WIRE_VERSION)
		return 0;
	return error_set(
		error, EPROTO, step,
		"version %u where %u was expected: module and helper of different releases?",
		version, WIRE_VERSION);
}

int wire_check_request(const struct wire_request *request, size_t length, struct error *error)
{
	int result;

	if (length < offsetof(struct wire_request, facts))
		return error_set(error, EPROTO, step, "a request of %zu bytes", length);
	result = check_version(request->version, error);
	if (result < 0)
		return result;
	if (request->kind < WIRE_OPEN || request->kind > WIRE_REAP)
		return error_set(error, EPROTO, step, "request %u is not known", request->kind);
	if (text_ends(request->user, sizeof(request->user), "user", error) < 0 ||
	    text_ends(request->service, sizeof(request->service), "service", error) < 0 ||
	    text_ends(request->rhost, sizeof(request->rhost), "rhost", error) < 0 ||
	    text_ends(request->tty, sizeof(request->tty), "tty", error) < 0 ||
	    text_ends(request->config, sizeof(request->config), "config", error) < 0 ||
	    text_ends(request->profile, sizeof(request->profile), "profile", error) < 0 ||
	    text_ends(request->container, sizeof(request->container), "container", error) < 0)
		return -EPROTO;
	if (request->facts_length > WIRE_FACTS_MAX || length != wire_request_size(request))
		return error_set(error, EPROTO, step, "a request of %zu bytes", length);
	return 0;
}

size_t wire_request_size(const struct wire_request *request)
{
	return offsetof(struct wire_request, facts) + request->facts_length;
}

size_t wire_reply_size(const struct wire_reply *reply)
{
	if (reply->verdict != WIRE_CONFINE)
		return offsetof(struct wire_reply, confinement);
	return offsetof(struct wire_reply, confinement.filter) +
	       reply->confinement.filter_length * sizeof(struct sock_filter);
}

static int check_confinement(const struct wire_confinement *confinement, struct error *error)
{
	uint32_t used = confinement->environment_length;

	if (used > WIRE_ENVIRONMENT_MAX || (used > 0 && confinement->environment[used - 1] != '\0'))
		return error_set(error, EPROTO, step, "an environment of %u bytes", used);
	if (confinement->filter_length > WIRE_FILTER_MAX)
		return error_set(error, EPROTO, step, "a filter of %u instructions",
				 confinement->filter_length);
	if (text_ends(confinement->shell, sizeof(confinement->shell), "shell", error) < 0 ||
	    text_ends(confinement->env_keep, sizeof(confinement->env_keep), "env-keep", error) < 0)
		return -EPROTO;
	return text_ends(confinement->container, sizeof(confinement->container), "container",
			 error);
}

int wire_check_reply(const struct wire_reply *reply, size_t length, struct error *error)
{
	int result;

	if (length < offsetof(struct wire_reply, confinement))
		return error_set(error, EPROTO, step, "a reply of %zu bytes", length);
	result = check_version(reply->version, error);
	if (result < 0)
		return result;
	if (reply->verdict < WIRE_IGNORE || reply->verdict > WIRE_WORKING)
		return error_set(error, EPROTO, step, "verdict %u is not known", reply->verdict);
	if (text_ends(reply->event, sizeof(reply->event), "event", error) < 0 ||
	    text_ends(reply->message, sizeof(reply->message), "message", error) < 0)
		return -EPROTO;
	if (reply->verdict == WIRE_CONFINE) {
		if (length < offsetof(struct wire_reply, confinement.filter))
			return error_set(error, EPROTO, step, "a reply of %zu bytes", length);
		result = check_confinement(&reply->confinement, error);
		if (result < 0)
			return result;
	}
	if (length != wire_reply_size(reply))
		return error_set(error, EPROTO, step, "a reply of %zu bytes", length);
	return 0;
}

int wire_check_session(const struct wire_session *session, size_t length, struct error *error)
{
	if (length != sizeof(*session))
		return error_set(error, EPROTO, step, "a session message of %zu bytes", length);
	if (session->kind < WIRE_SESSION_JOIN || session->kind > WIRE_SESSION_CLOSED)
		return error_set(error, EPROTO, step, "session message %u is not known",
				 session->kind);
	return check_version(session->version, error);
}
