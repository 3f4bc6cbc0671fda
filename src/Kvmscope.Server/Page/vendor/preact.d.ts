/** What the page uses of Preact, its hooks and htm. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => any;
export function render(node: any, parent: Element): void;
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((now: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useCallback<T extends Function>(call: T, inputs: readonly unknown[]): T;
export function useRef<T>(initial: T): { current: T };
