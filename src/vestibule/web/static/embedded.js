// In the frame of <vestibule-admin-portal>: tells the page outside how tall this one is, and what
// was done. Only the page that the visit belongs to is told, and it is asked for nothing.

const parentOrigin = document.querySelector("meta[name=vestibule-parent]")?.content;

const tell = (type, detail) => {
  if (parentOrigin && parent !== window) parent.postMessage({ type, ...detail }, parentOrigin);
};

const tellHeight = () => {
  tell("vestibule:height", { height: Math.ceil(document.body.getBoundingClientRect().height) });
};

new ResizeObserver(tellHeight).observe(document.body);
tellHeight();
tell("vestibule:page", { path: location.pathname });
