// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The wires between the programs: SOCK_SEQPACKET, one structure a message, descriptors by
 * SCM_RIGHTS. Lengths and counts are checked exactly; every string must end inside its field.
 *
 *   PAM module -> helper      struct wire_request   + WIRE_REQUEST_FDS descriptors
 *   helper -> PAM module      struct wire_reply     + WIRE_REPLY_FDS descriptors (confine only)
 *   PAM module <-> supervisor struct wire_session   over the session channel of the reply
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "policy/error.h"
#include "policy/plan.h"

#define WIRE_VERSION	     2
#define WIRE_FILTER_MAX	     4096 /* BPF_MAXINSNS */
#define WIRE_ENVIRONMENT_MAX 4096
#define WIRE_FACTS_MAX	     131072
#define WIRE_HELPER_FD	     3 /* the helper finds its end of the socket here */

enum wire_request_kind {
	WIRE_OPEN = 1, /* build or join a container for this login */
	WIRE_VERDICT,  /* only say whether the user is covered */
	WIRE_REAP,     /* clear what a dead supervisor left of the container named in container */
};

enum wire_flags {
	WIRE_DRY_RUN = 1 << 0, /* decide and say, build nothing */
	WIRE_DEBUG = 1 << 1,   /* log every step */
};

struct wire_request {
	uint32_t version;
	uint32_t kind;
	uint32_t flags;
	uint32_t facts_length; /* bytes used of facts */
	char user[256];
	char service[64];
	char rhost[256];
	char tty[64];
	char config[1024];  /* empty: the default path */
	char profile[128];  /* empty: as policy says */
	char container[64]; /* WIRE_REAP */
	/* Who the user is, as the service's NSS says; see wire_facts.h. Not with WIRE_REAP. */
	char facts[WIRE_FACTS_MAX]; /* only facts_length of them are sent */
};

#define WIRE_REQUEST_FDS 1 /* a pidfd of the opener; WIRE_OPEN only, otherwise none */

enum wire_verdict {
	WIRE_IGNORE = 1, /* not covered by policy, or failed and policy says on-failure = allow */
	WIRE_CONFINE,
	WIRE_DENY,    /* policy lets this user in nowhere */
	WIRE_ERROR,   /* covered, or not known, and something failed */
	WIRE_WORKING, /* no verdict yet: the request has arrived, and the verdict follows */
};

/* All that a process needs to become a member of a container, besides the descriptors. */
struct wire_confinement {
	uint64_t namespaces; /* CLONE_NEW* flags for setns() */
	uint64_t caps_keep;  /* what the bounding set keeps; all others are dropped */
	uint32_t no_new_privs;
	uint32_t umask_set;
	uint32_t umask;
	uint32_t environment_length; /* bytes used of environment: NAME=value, each with its NUL */
	uint32_t rlimit_set;	     /* bit n: rlimits[n] is to be set */
	uint32_t filter_length;	     /* instructions; 0: no filter */
	struct rlimit rlimits[RLIM_NLIMITS];
	char container[64];		      /* name of the container, as confinectl shows it */
	char shell[PLAN_SHELL_MAX + 1];	      /* empty: the account's own */
	char env_keep[PLAN_ENV_KEEP_MAX + 1]; /* a list of patterns (policy/list.h), or empty */
	char environment[WIRE_ENVIRONMENT_MAX];
	struct sock_filter filter[WIRE_FILTER_MAX]; /* only filter_length of them are sent */
};

struct wire_reply {
	uint32_t version;
	uint32_t verdict;
	char event[16];	   /* id that ties the user's one line to the log */
	char message[512]; /* for the log: what failed, where; empty if nothing did */
	struct wire_confinement confinement; /* WIRE_CONFINE only; others send up to here */
};

enum wire_reply_fd {
	WIRE_FD_INIT,	 /* pidfd of the container's init: the target of setns() */
	WIRE_FD_DEVPTS,	 /* detached mount of the container's devpts, for move_mount() */
	WIRE_FD_CGROUP,	 /* cgroup.procs of the session's leaf; open for writing */
	WIRE_FD_SESSION, /* session channel to the supervisor */
	WIRE_REPLY_FDS,
};

/* The session channel. The container's supervisor ends the session when its opener dies. */
enum wire_session_kind {
	WIRE_SESSION_JOIN = 1, /* to the supervisor, with a pidfd of the joining process */
	WIRE_SESSION_WELCOME,  /* from it: the container lives and knows the process; go on */
	WIRE_SESSION_CLOSE,    /* to it: end every process of this session */
	WIRE_SESSION_CLOSED,   /* from it: none is left */
};

struct wire_session {
	uint32_t version;
	uint32_t kind;
};

/*
 * Sends one message of length bytes with count (<= WIRE_REPLY_FDS) descriptors, which stay the
 * caller's. Blocking sockets block. Returns 0 or -errno; never raises SIGPIPE.
 */
int wire_send(int socket, const void *message, size_t length, const int *fds, size_t count,
	      struct error *error);

/*
 * Receives one message of at most size bytes and exactly count descriptors (close-on-exec, the
 * caller's on success) within timeout_ms (-1: for ever). On success the length is in
 * *ret_length. -ETIMEDOUT; -ECONNRESET at the end of the stream; -EPROTO for a truncated message or
 * another number of descriptors, all of which are closed.
 */
int wire_receive(int socket, void *message, size_t size, size_t *ret_length, int *ret_fds,
		 size_t count, int timeout_ms, struct error *error);

/* As wire_receive(), but takes 0 or max descriptors and says which in *ret_count. */
int wire_receive_some(int socket, void *message, size_t size, size_t *ret_length, int *ret_fds,
		      size_t max, size_t *ret_count, int timeout_ms, struct error *error);

/* Whether a received message is whole and sane: version, kind, string ends, lengths. 0 or -EPROTO.
 */
int wire_check_request(const struct wire_request *request, size_t length, struct error *error);
int wire_check_reply(const struct wire_reply *reply, size_t length, struct error *error);
int wire_check_session(const struct wire_session *session, size_t length, struct error *error);

/* Bytes to send of a request, and of a reply. */
size_t wire_request_size(const struct wire_request *request);
size_t wire_reply_size(const struct wire_reply *reply);
