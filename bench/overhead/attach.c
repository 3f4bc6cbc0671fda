/*
 * attach OBJECT PREFIX -- COMMAND [ARGUMENT]...
 * Loads and attaches the programs of a BPF object whose names begin with PREFIX,
 * runs COMMAND, and exits with its status; 125 if something failed before.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125 };

static int fail(const char *what)
{
	fprintf(stderr, "attach: %s: %s\n", what, strerror(errno));
	return FAILED;
}

static int run(char **command)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return fail("fork");
	if (child == 0) {
		execvp(command[0], command);
		_exit(fail(command[0]));
	}
	if (waitpid(child, &status, 0) < 0)
		return fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;
	size_t prefix;
	int attached = 0;

	if (argc < 5 || strcmp(argv[3], "--") != 0) {
		fprintf(stderr, "usage: attach OBJECT PREFIX -- COMMAND [ARGUMENT]...\n");
		return 2;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	prefix = strlen(argv[2]);
	object = bpf_object__open(argv[1]);
	if (!object)
		return fail(argv[1]);
	bpf_object__for_each_program(program, object) bpf_program__set_autoload(
	    program, !strncmp(bpf_program__name(program), argv[2], prefix));
	if (bpf_object__load(object))
		return fail("load");
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__autoload(program))
			continue;
		if (!bpf_program__attach(program))
			return fail(bpf_program__name(program));
		attached++;
	}
	if (!attached) {
		errno = ENOENT;
		return fail(argv[2]);
	}
	return run(argv + 4);
}
