// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/privileges.h"

static const char step[] = "privileges";

static int get_sets(struct privileges *privileges, struct error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return error_errno(error, step, "capget");
	privileges->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	privileges->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	privileges->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int put_sets(const struct privileges *privileges, struct error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(privileges->effective >> (32 * i));
		data[i].permitted = (uint32_t)(privileges->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(privileges->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(error, step,
				   "capset to effective %" PRIx64 " permitted %" PRIx64,
				   privileges->effective, privileges->permitted);
	return 0;
}

/* PR_CAPBSET_READ answers EINVAL from the first number that the kernel does not know. */
uint64_t privileges_known(void)
{
	uint64_t known = 0;

	for (unsigned long i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		known |= PRIVILEGE(i);
	return known;
}

int privileges_read(struct privileges *ret_privileges, struct error *error)
{
	struct privileges read = {0};
	int result = get_sets(&read, error);

	if (result < 0)
		return result;
	for (unsigned long i = 0; i < 64; i++) {
		int bounding = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (bounding < 0)
			break;
		if (bounding > 0)
			read.bounding |= PRIVILEGE(i);
		/* Nothing is ambient that is not inheritable and permitted (capabilities(7)). */
		if ((read.inheritable & read.permitted & PRIVILEGE(i)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) > 0)
			read.ambient |= PRIVILEGE(i);
	}
	*ret_privileges = read;
	return 0;
}

int privileges_effective(int capability, bool on, struct error *error)
{
	uint64_t bit = PRIVILEGE(capability);
	struct privileges sets = {0};
	int result = get_sets(&sets, error);

	if (result < 0)
		return result;
	if (on)
		sets.effective |= bit;
	else
		sets.effective &= ~bit;
	result = put_sets(&sets, error);
	if (result < 0)
		return result;
	result = get_sets(&sets, error);
	if (result < 0)
		return result;
	if (((sets.effective & bit) != 0) != on)
		return error_set(error, EPERM, step, "capability %d stayed %s", capability,
				 on ? "lowered" : "raised");
	return 0;
}

int privileges_bound(uint64_t keep, struct error *error)
{
	for (unsigned long i = 0; i < 64; i++) {
		int have = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (have < 0)
			break;
		if (have == 0 || (keep & PRIVILEGE(i)))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return error_errno(error, step, "dropping capability %lu from bounding", i);
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 0)
			return error_set(error, EPERM, step, "capability %lu stayed in bounding",
					 i);
	}
	return 0;
}

int privileges_set(uint64_t effective, uint64_t permitted, struct error *error)
{
	struct privileges wanted = {.effective = effective, .permitted = permitted}, got = {0};
	int result;

	if (effective & ~permitted)
		return error_set(error, EINVAL, step,
				 "effective %" PRIx64 " beyond permitted %" PRIx64, effective,
				 permitted);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_errno(error, step, "clearing the ambient set");
	result = put_sets(&wanted, error);
	if (result < 0)
		return result;
	result = privileges_read(&got, error);
	if (result < 0)
		return result;
	return privileges_check(effective, permitted, got.bounding, error);
}

int privileges_no_new_privs(struct error *error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(error, step, "setting no_new_privs");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return error_set(error, EPERM, step, "no_new_privs stayed off");
	return 0;
}

int privileges_fall_with_uid(struct error *error)
{
	int bits;

	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return error_errno(error, step, "clearing keep_caps");
	bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	if (bits < 0)
		return error_errno(error, step, "reading securebits");
	if (bits & (SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS))
		return error_set(error, EPERM, step,
				 "securebits %x would keep capabilities over the switch of user",
				 (unsigned)bits);
	return 0;
}

int privileges_check(uint64_t effective, uint64_t permitted, uint64_t bounding, struct error *error)
{
	struct privileges got;
	int result = privileges_read(&got, error);

	if (result < 0)
		return result;
	if (got.effective == effective && got.permitted == permitted && got.inheritable == 0 &&
	    got.ambient == 0 && (got.bounding & ~bounding) == 0)
		return 0;
	return error_set(error, EPERM, step,
			 "effective %" PRIx64 ", permitted %" PRIx64 ", inheritable %" PRIx64
			 ", ambient %" PRIx64 ", bounding %" PRIx64 " where %" PRIx64 ", %" PRIx64
			 ", 0, 0, at most %" PRIx64 " were expected",
			 got.effective, got.permitted, got.inheritable, got.ambient, got.bounding,
			 effective, permitted, bounding);
}
