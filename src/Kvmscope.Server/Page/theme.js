// @ts-check
// Before anything is drawn, and when the system changes: dark or light as it was chosen here, else as the system says.
(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const show = () => {
        const chosen = localStorage.getItem('kvmscope-theme');
        document.documentElement.dataset.theme = chosen === 'dark' || chosen === 'light' ? chosen : system.matches ? 'dark' : 'light';
    };
    show();
    system.addEventListener('change', show);
})();
