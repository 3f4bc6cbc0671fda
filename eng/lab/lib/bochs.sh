# shellcheck shell=bash
vmx_lab() { printf '%s\n' "${KVMSCOPE_VMX_LAB:-${LAB_REPO%/*}/shared/vmx-lab/vmx-lab}"; }
