// Which system calls a program that reads users' files is refused (seccomp, a classic BPF program). In C: the calls' numbers differ
// between processors, and the instructions are macros.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define MEDIA_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MEDIA_AUDIT_ARCH AUDIT_ARCH_AARCH64
#else
#error "The processor's number for seccomp isn't known."
#endif

// Debugging, mounts and namespaces, the kernel's own matters, and the parts of it where most of its flaws have been; also memory that no
// limit counts. No decoder needs them.
static const int media_refused_calls[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_open_tree, SYS_move_mount, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_by_handle_at, SYS_name_to_handle_at,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_fanotify_init, SYS_quotactl, SYS_personality,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_syslog, SYS_acct,
    SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
    SYS_memfd_create, SYS_shmget, SYS_shmat, SYS_msgget, SYS_semget, SYS_pidfd_getfd, SYS_pidfd_open, SYS_vhangup, SYS_vmsplice,
#ifdef __x86_64__
    SYS_kexec_file_load, SYS_modify_ldt, SYS_ioperm, SYS_iopl, SYS_uselib, SYS__sysctl, SYS_create_module,
#endif
};

// What a sandbox's own clone may not ask for.
#define MEDIA_NEW_NAMESPACES \
    (0x00020000 /* NEWNS */ | 0x02000000 /* NEWCGROUP */ | 0x04000000 /* NEWUTS */ | 0x08000000 /* NEWIPC */ | \
     0x10000000 /* NEWUSER */ | 0x20000000 /* NEWPID */ | 0x40000000 /* NEWNET */)

// Writes the program; returns how many instructions it has.
static inline int media_syscall_filter(struct sock_filter *at) {
    struct sock_filter *const start = at;
#define MEDIA_PUT(...) (*at++ = (struct sock_filter)__VA_ARGS__)
#define MEDIA_LOAD(field) MEDIA_PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
#define MEDIA_RETURN(value) MEDIA_PUT(BPF_STMT(BPF_RET | BPF_K, (value)))
    const unsigned refuse = SECCOMP_RET_ERRNO | EPERM;
    MEDIA_LOAD(arch);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MEDIA_AUDIT_ARCH, 1, 0));
    MEDIA_RETURN(SECCOMP_RET_KILL_PROCESS);
    MEDIA_LOAD(nr);
#ifdef __x86_64__
    // The x32 calls are the same ones under other numbers.
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    MEDIA_RETURN(refuse);
#endif
    for (size_t index = 0; index < sizeof media_refused_calls / sizeof media_refused_calls[0]; index++) {
        MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)media_refused_calls[index], 0, 1));
        MEDIA_RETURN(refuse);
    }
    // Its flags lie in memory, where no filter can see them; without it libraries use clone.
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
    MEDIA_RETURN(SECCOMP_RET_ERRNO | ENOSYS);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
    MEDIA_LOAD(args[0]);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MEDIA_NEW_NAMESPACES, 0, 1));
    MEDIA_RETURN(refuse);
    MEDIA_RETURN(SECCOMP_RET_ALLOW);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 4));
    MEDIA_LOAD(args[0]);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1 /* AF_UNIX */, 1, 0));
    MEDIA_RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    MEDIA_RETURN(SECCOMP_RET_ALLOW);
    // What types into a terminal.
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4));
    MEDIA_LOAD(args[1]);
    MEDIA_PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 0, 1));
    MEDIA_RETURN(refuse);
    MEDIA_RETURN(SECCOMP_RET_ALLOW);
    MEDIA_RETURN(SECCOMP_RET_ALLOW);
#undef MEDIA_PUT
#undef MEDIA_LOAD
#undef MEDIA_RETURN
    return (int)(at - start);
}
