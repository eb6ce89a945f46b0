/* LD_PRELOAD: once the file named by FAXGW_FSYNC_FAILS exists, every fsync is answered with EIO. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>

static int fails(void) {
    const char *flag = getenv("FAXGW_FSYNC_FAILS");
    return flag != NULL && access(flag, F_OK) == 0;
}

int fsync(int fd) { return fails() ? (errno = EIO, -1) : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return fails() ? (errno = EIO, -1) : (int)syscall(SYS_fdatasync, fd); }
