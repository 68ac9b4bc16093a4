/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flattens a JSON document to lines "path<TAB>value", so that bash and awk can check it.  Exits 1 if
 * it is no JSON. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static void flatten(json_t *value, char *path, size_t used)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member) {
			snprintf(path + used, PATH_BYTES - used, "%s%s", used ? "." : "", key);
			flatten(member, path, strlen(path));
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member) {
			snprintf(path + used, PATH_BYTES - used, "[%zu]", i);
			flatten(member, path, strlen(path));
		}
	} else {
		printf("%s\t", path);
		json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		putchar('\n');
	}
	path[used] = '\0';
}

int main(int argc, char **argv)
{
	char path[PATH_BYTES] = "";
	json_error_t error;
	json_t *root = argc > 1 ? json_load_file(argv[1], 0, &error) : json_loadf(stdin, 0, &error);

	if (!root) {
		fprintf(stderr, "flat: line %d: %s\n", error.line, error.text);
		return 1;
	}
	flatten(root, path, 0);
	json_decref(root);
	return 0;
}
