namespace Kvmscope.Host;

/// <summary>The errnos that opening and running KVM tell apart (asm-generic/errno-base.h).</summary>
static class KvmErrno
{
    internal const int EPERM = 1, ENOENT = 2, EINTR = 4, EAGAIN = 11, EACCES = 13;
}
