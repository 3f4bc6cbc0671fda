// @ts-check
// Before anything is drawn: dark or light as it was chosen here, else as the system says.
(() => {
    const chosen = localStorage.getItem('kvmscope-theme');
    if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
})();
