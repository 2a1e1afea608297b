const tell = (id, text) => { document.getElementById(id).textContent = text; };
tell("script", "ran");
if (getComputedStyle(document.getElementById("style")).color === "rgb(0, 96, 0)") tell("style", "was applied");
fetch("words.json").then((response) => response.json()).then((words) => tell("page", words.said));
