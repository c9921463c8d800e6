// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/units.h"

#define STEP	 "policy"
#define TEXT_MAX 64 /* INET6_ADDRSTRLEN and a prefix length */

/* IPv4 lives in ::ffff:0:0/96, where IPv6 sockets show it too. */
struct address {
	unsigned char bytes[16];
	unsigned v4_offset; /* 96 for IPv4, 0 for IPv6 */
};

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static int address_parse(const char *text, struct address *ret_address)
{
	struct address address = {.v4_offset = 96};

	memcpy(address.bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, address.bytes + sizeof(mapped)) != 1) {
		address.v4_offset = 0;
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return -EINVAL;
	}
	*ret_address = address;
	return 0;
}

/* The scope says by which interface, which no list can ask for (RFC 4007). */
static int address_parse_rhost(const char *rhost, struct address *ret_address)
{
	char text[TEXT_MAX];
	size_t length = strcspn(rhost, "%");

	if (length >= sizeof(text))
		return -EINVAL;
	memcpy(text, rhost, length);
	text[length] = '\0';
	return address_parse(text, ret_address);
}

bool address_is_numeric(const char *rhost)
{
	struct address address;

	return address_parse_rhost(rhost, &address) == 0;
}

static bool bits_equal(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* Whether nothing is set beyond the prefix: 192.0.2.1/24 is a slip more often than a network. */
static bool tail_empty(const struct address *address, unsigned bits)
{
	for (unsigned bit = bits; bit < 128; bit++)
		if (address->bytes[bit / 8] & (0x80 >> (bit % 8)))
			return false;
	return true;
}

/* Reads "[!]ADDRESS[/BITS]"; bits count from the start of the 16 bytes. */
static int network_parse(const struct item *item, struct address *ret_network, unsigned *ret_bits)
{
	size_t skip = item->length > 0 && *item->text == '!';
	char text[TEXT_MAX], *slash;
	struct address network;
	uint64_t bits;

	if (item->length - skip >= sizeof(text))
		return -EINVAL;
	memcpy(text, item->text + skip, item->length - skip);
	text[item->length - skip] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (address_parse(text, &network) < 0)
		return -EINVAL;
	bits = 128 - network.v4_offset;
	if (slash && unit_number(slash + 1, bits, &bits) < 0)
		return -EINVAL;
	*ret_bits = (unsigned)bits + network.v4_offset;
	*ret_network = network;
	return tail_empty(&network, *ret_bits) ? 0 : -ERANGE;
}

enum list_match address_match(const char *list, const char *rhost)
{
	enum list_match found = LIST_NONE;
	struct address address, network;
	struct item item;
	unsigned bits;

	if (!rhost || address_parse_rhost(rhost, &address) < 0)
		return LIST_NONE;
	if (memcmp(address.bytes, mapped, sizeof(mapped)) == 0)
		address.v4_offset = 96;
	while (list_next(&list, &item)) {
		if (network_parse(&item, &network, &bits) < 0 ||
		    network.v4_offset != address.v4_offset || !bits_equal(&address, &network, bits))
			continue;
		if (*item.text == '!')
			return LIST_EXCLUDED;
		found = LIST_MATCH;
	}
	return found;
}

int address_list_check(const char *list, struct error *error)
{
	struct address network;
	struct item item;
	unsigned bits;
	int result = list_check(list, error);

	if (result < 0 || list_empty(list))
		return result;
	while (list_next(&list, &item)) {
		int shown = item.length > 64 ? 64 : (int)item.length;

		result = network_parse(&item, &network, &bits);
		if (result == -ERANGE)
			return error_set(error, EINVAL, STEP,
					 "\"%.*s\": bits are set beyond the prefix; write the "
					 "network's own address",
					 shown, item.text);
		if (result < 0)
			return error_set(error, EINVAL, STEP,
					 "\"%.*s\" is no address or network (e.g. 192.0.2.0/24 or "
					 "2001:db8::/32); names decide nothing",
					 shown, item.text);
	}
	return 0;
}
