// @ts-check
// A view of the page is its address: what is chosen, of which time, and how it is sorted.

/**
 * @typedef {object} View
 * @property {string} vm empty: all of them
 * @property {string} pid of that VM, where two have one name
 * @property {string} vcpu
 * @property {string} level l1 or l2
 * @property {string} reason
 * @property {string} qualifier
 * @property {string} from RFC 3339; empty: the last `span` up to now
 * @property {string} to
 * @property {string} span seconds; empty: as the source suggests
 * @property {string} tab
 * @property {string} cell FROM~TO~LOW~HIGH: a cell of the heat map, in ns; HIGH may be empty
 * @property {string} versus FROM~TO: the other time of a comparison
 * @property {string} halts 1: slow exits that are halts too
 * @property {string} find which VMs are listed
 * @property {string} sort of the VMs: a column, with - before it for the largest first
 * @property {string} order the same of the table below
 */

/** @type {View} */
export const nothing = {
    vm: '',
    pid: '',
    vcpu: '',
    level: '',
    reason: '',
    qualifier: '',
    from: '',
    to: '',
    span: '',
    tab: '',
    cell: '',
    versus: '',
    halts: '',
    find: '',
    sort: '',
    order: '',
};

const names = /** @type {(keyof View)[]} */ (Object.keys(nothing));

/** @param {string} search the query of an address @returns {View} */
export function read(search) {
    const query = new URLSearchParams(search);
    const view = { ...nothing };
    for (const name of names) view[name] = query.get(name) ?? '';
    if (Number.isNaN(Date.parse(view.from)) || Number.isNaN(Date.parse(view.to))) view.from = view.to = '';
    return view;
}

/** @param {View} view */
export function address(view) {
    const query = new URLSearchParams();
    for (const name of names) if (view[name] !== '') query.set(name, view[name]);
    const text = query.toString().replaceAll('%3A', ':').replaceAll('%7E', '~').replaceAll('%2C', ',');
    return text === '' ? '/' : `/?${text}`;
}

/** What a step down or up leaves: a part of what is not chosen any more is not chosen either. @param {View} view @param {Partial<View>} change */
export function change(view, change) {
    const next = { ...view, ...change };
    const has = (/** @type {keyof View} */ name) => name in change && change[name] !== view[name];
    if (has('vm') || has('pid')) Object.assign(next, { vcpu: '' }, pick(change, ['vcpu']));
    if (has('vm') || has('vcpu') || has('reason') || has('qualifier')) Object.assign(next, { order: '', tab: '' }, pick(change, ['tab']));
    if (has('reason')) Object.assign(next, { qualifier: '' }, pick(change, ['qualifier']));
    if (has('from') || has('span') || has('vm') || has('vcpu') || has('reason') || has('qualifier') || has('level'))
        Object.assign(next, { cell: '' }, pick(change, ['cell']));
    return next;
}

/** @param {Partial<View>} from @param {(keyof View)[]} which */
function pick(from, which) {
    return Object.fromEntries(which.filter((n) => n in from).map((n) => [n, from[n]]));
}

/** The parameters of the API for what is chosen. @param {View} view */
export function choice(view) {
    return {
        vm: view.vm,
        vm_pid: view.vm ? view.pid : '',
        vcpu: view.vcpu,
        level: view.level,
        reason: view.reason,
        qualifier: view.qualifier,
    };
}

/** Halts are slow by nature, and so many that others would not be seen among the latest. @type {Record<string, string>} */
const halts = { svm: 'HLT,IDLE_HLT', vmx: 'HLT', arm64: 'WFx', riscv64: 'VIRTUAL_INST_FAULT' };

/** The parameters of the API for slow exits. @param {View} view @param {string} isa */
export const slowChoice = (view, isa) => ({ ...choice(view), exclude: view.reason || view.halts ? '' : (halts[isa] ?? '') });

/** One step up from where a view is, or null at the top. @param {View} view @returns {Partial<View> | null} */
export function up(view) {
    for (const name of /** @type {(keyof View)[]} */ (['cell', 'versus', 'qualifier', 'reason', 'level', 'vcpu']))
        if (view[name]) return { [name]: '' };
    return view.vm ? { vm: '', pid: '' } : null;
}
