// Conveniences: copy buttons, a remembered theme, relative times, forms that answer while one types.
// Every page works without this file; what needs it is not shown where it does not run.

const announce = (text) => {
  const live = document.getElementById("announcements");
  if (live) live.textContent = text;
};

// --- theme: applied before the first paint, because base.html lets this file block it -----------

const THEME = "vestibule-theme";

const storedTheme = () => {
  try {
    return localStorage.getItem(THEME) ?? "";
  } catch {
    return ""; // storage may be forbidden; the system decides then
  }
};

const applyTheme = (theme) => {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
};

applyTheme(storedTheme());

customElements.define(
  "theme-choice",
  class extends HTMLElement {
    connectedCallback() {
      const buttons = [...this.querySelectorAll("button")];
      const show = (theme) => {
        for (const button of buttons) {
          button.setAttribute("aria-pressed", String(button.value === theme));
        }
      };
      for (const button of buttons) {
        button.addEventListener("click", () => {
          applyTheme(button.value);
          show(button.value);
          try {
            if (button.value) localStorage.setItem(THEME, button.value);
            else localStorage.removeItem(THEME);
          } catch {
            // chosen for this page only
          }
        });
      }
      show(storedTheme());
    }
  },
);

// --- copying: <copy-button value="…"> or <copy-button for="id"> around a <button> -----------------

const copyText = async (text) => {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on another machine: the old way is the only one.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying was refused");
};

customElements.define(
  "copy-button",
  class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector("button");
      const word = this.querySelector(".copy-word");
      if (!button || !word) return;
      let timer = 0;
      button.addEventListener("click", async () => {
        const source = document.getElementById(this.getAttribute("for") ?? "");
        const text = this.getAttribute("value") ?? source?.textContent ?? "";
        let outcome = "Copied";
        try {
          await copyText(text);
        } catch {
          outcome = "Press Ctrl+C";
          if (source) getSelection()?.selectAllChildren(source);
        }
        word.textContent = outcome;
        this.dataset.done = "";
        announce(outcome);
        clearTimeout(timer);
        timer = setTimeout(() => {
          word.textContent = "Copy";
          delete this.dataset.done;
          announce("");
        }, 2000);
      });
    }
  },
);

// --- times: <time datetime data-relative> ---------------------------------------------------------

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

const tellTimes = () => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (Number.isNaN(seconds)) continue;
    if (!time.title) time.title = time.textContent.trim();
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    time.textContent = relative.format(Math.round(seconds / size), unit);
  }
};

tellTimes();
setInterval(tellTimes, 30_000);

// --- forms ----------------------------------------------------------------------------------------

document.getElementById("problem")?.focus();

// <select data-submit> sends its form when another option is chosen; its button is not needed then.
for (const select of document.querySelectorAll("select[data-submit]")) {
  const button = select.form?.querySelector("[data-submits]");
  if (button) button.hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

// <live-preview form="id" action="/path" part="id">: posts the form while somebody types, and puts
// the named part of the page that comes back in place of its own content. Without scripts the
// form's own preview button does the same.
customElements.define(
  "live-preview",
  class extends HTMLElement {
    connectedCallback() {
      const form = document.getElementById(this.getAttribute("form"));
      const button = form?.querySelector("[data-previews]");
      if (!form) return;
      if (button) button.hidden = true;
      let timer = 0;
      let asked = 0;
      const ask = async () => {
        const turn = ++asked;
        const answer = await fetch(this.getAttribute("action"), {
          method: "POST",
          body: new FormData(form),
        }).catch(() => null);
        if (!answer || turn !== asked) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const part = page.getElementById(this.getAttribute("part"));
        if (part) this.replaceChildren(part);
        tellTimes();
      };
      form.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(ask, 300);
      });
    }
  },
);

// <more-rows for="id"><button>: one more empty row like the last one of that list or table body.
customElements.define(
  "more-rows",
  class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector("button");
      const rows = document.getElementById(this.getAttribute("for") ?? "");
      if (!button || !rows?.lastElementChild) return;
      button.type = "button";
      button.addEventListener("click", () => {
        const row = rows.lastElementChild.cloneNode(true);
        for (const input of row.querySelectorAll("input, select, textarea")) {
          input.value = "";
          input.removeAttribute("aria-invalid");
        }
        rows.append(row);
        row.querySelector("input, select, textarea")?.focus();
      });
    }
  },
);
