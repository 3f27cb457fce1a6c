// Sends the one form of the page. The prototype's method, because a field may be called "submit".
const form = document.getElementById("autosubmit");
if (form instanceof HTMLFormElement) HTMLFormElement.prototype.submit.call(form);
