/*
 * stopwatch run FILE -- COMMAND [ARGUMENT]...
 *     runs COMMAND, which must run `stopwatch now FILE` when it is ready, and
 *     prints: ms until then, ms until COMMAND ended, its peak memory in KiB, and
 *     the CPU ms that it and its children used
 * stopwatch now FILE
 *     writes the time to FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
	return 125;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int write_now(const char *path)
{
	long long now = now_ns();
	FILE *file = fopen(path, "w");

	if (!file)
		return fail(path);
	fprintf(file, "%lld\n", now);
	return fclose(file) ? fail(path) : 0;
}

static int read_ready(const char *path, long long *ready)
{
	FILE *file = fopen(path, "r");
	int found;

	if (!file)
		return fail(path);
	found = fscanf(file, "%lld", ready);
	fclose(file);
	return found == 1 ? 0 : fail(path);
}

static int run(const char *path, char **command)
{
	long long begin, ready, end;
	struct rusage usage;
	int status, quiet;
	double cpu;
	pid_t child;

	unlink(path);
	begin = now_ns();
	child = fork();
	if (child < 0)
		return fail("fork");
	if (child == 0) {
		quiet = open("/dev/null", O_WRONLY);
		dup2(quiet, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(fail(command[0]));
	}
	if (wait4(child, &status, 0, &usage) < 0)
		return fail("wait4");
	end = now_ns();
	if (read_ready(path, &ready))
		return 125;
	cpu = usage.ru_utime.tv_sec * 1e3 + usage.ru_utime.tv_usec / 1e3 +
	      usage.ru_stime.tv_sec * 1e3 + usage.ru_stime.tv_usec / 1e3;
	printf("%.3f\t%.3f\t%ld\t%.3f\n", (ready - begin) / 1e6, (end - begin) / 1e6,
	       usage.ru_maxrss, cpu);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "now"))
		return write_now(argv[2]);
	if (argc >= 5 && !strcmp(argv[1], "run") && !strcmp(argv[3], "--"))
		return run(argv[2], argv + 4);
	fprintf(stderr,
		"usage: stopwatch run FILE -- COMMAND [ARGUMENT]... | stopwatch now FILE\n");
	return 2;
}
