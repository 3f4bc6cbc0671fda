/** Answers of the API, as far as the page reads them: docs/api.md. */
export interface ProblemAnswer {
    title?: string;
    detail?: string;
    hint?: string;
}
export interface Kept {
    started: string;
    ended: string;
    step_ns: number;
    by: 'vcpu' | 'vm' | 'host';
    qualifiers: boolean;
}
export interface Host {
    version: string;
    host: string;
    kernel: string;
    cpu: string;
    cpus: number;
    isa: string;
    source: 'live' | 'recording' | 'replay';
    title: string;
    speed: number | null;
    started: string | null;
    ended: string | null;
    step_ns: number;
    measured: {
        by: string;
        time: boolean;
        split: boolean;
        qualifiers: boolean;
        nested: boolean;
        page_bytes: number | null;
        rip: boolean;
        all_exits: boolean;
        slow_ns: number | null;
        slow_part: string | null;
        who: boolean;
    };
    kept: Kept[];
    notes: string[];
}
export type Parts = Record<string, number | null>;
export type Trust = Record<string, number>;
export interface Vm {
    vm: string;
    vm_pid: number;
    vcpus: number | null;
    count: number;
    rate_per_s: number;
    busy_ns: number | null;
    p50_ns: number | null;
    p99_ns: number | null;
    max_ns: number | null;
    wall_ns: number | null;
    parts_ns: Parts | null;
    lost_ns: number | null;
    lost_share: number | null;
    reasons: { reason: string; busy_share: number }[];
    uuid?: string;
    vmid?: string;
    namespace?: string;
    pod?: string;
}
export interface Vms {
    started: string;
    ended: string;
    seconds: number;
    by: string;
    why: string | null;
    rows: Vm[] | null;
    total: Vm | null;
    missing: string[];
    trust: Trust | null;
}
export interface Row {
    row: string;
    vm?: string;
    vm_pid?: number;
    vcpu?: number;
    isa: string | null;
    code: number | null;
    reason: string | null;
    idle: boolean | null;
    level: number | null;
    qualifier?: string | null;
    direction?: string | null;
    page?: string | null;
    rip?: string | null;
    count: number;
    total_ns?: number | null;
    avg_ns?: number | null;
    p50_ns?: number | null;
    p99_ns?: number | null;
    max_ns?: number | null;
    wall_ns?: number | null;
    parts_ns?: Parts | null;
    buckets?: { low_ns: number; high_ns: number | null; count: number }[];
    handled?: number;
    reflected?: number;
    round_avg_ns?: number | null;
    round_p99_ns?: number | null;
    l1_exits_per_round?: number | null;
    l1_time_share?: number | null;
}
export interface Interval {
    started: string;
    ended: string;
    seconds: number;
    by: string | null;
    why: string | null;
    report: { rows: Row[]; trust: Trust | null; missing?: string[] } | null;
}
export interface Intervals {
    started: string;
    ended: string;
    intervals: Interval[];
}
export interface Column {
    started: string;
    ended: string;
    seconds: number;
    why: string | null;
    count: number | null;
    idle_count: number | null;
    timed: number | null;
    counts: number[] | null;
    p50_ns: number | null;
    p99_ns: number | null;
    max_ns: number | null;
}
export interface Heat {
    bins: { low_ns: number[]; high_ns: (number | null)[] };
    columns: Column[];
}
export interface SlowExit {
    time: string;
    vm: string;
    vm_pid: number;
    vcpu: number | null;
    tid: number;
    cpu: number;
    level: number;
    reason: string;
    duration_ns: number;
    qualifier: string | null;
    direction: string | null;
    rip: string | null;
    cpu_exit: number | null;
    cpu_entry: number | null;
    parts_ns: Parts | null;
    ran_instead: { name: string; pid: number } | null;
}
export interface Slow {
    started: string;
    ended: string;
    threshold_ns: number | null;
    part: string | null;
    more: boolean;
    lost_events: number | null;
    exits: SlowExit[];
}
export interface Advice {
    started: string;
    ended: string;
    seconds: number;
    why: string | null;
    advice: string[];
}
export interface Explained {
    reasons: { isa: string; reason: string; meaning: string; hint: string }[];
}
