// Tells when the form was shown and where its visitor came from. Without it the form works all the same.
(() => {
  const names = $names;
  const said = $said;
  said[names.landingPage] = location.href.split("#")[0];
  said[names.referrer] = document.referrer;
  const query = new URLSearchParams(location.search);
  for (const name of names.campaign) {
    if (query.get(name)) said[name] = query.get(name);
  }
  for (const form of document.querySelectorAll("form[data-leadlight]")) {
    if (form.dataset.leadlight !== $form_id) continue;
    for (const [name, value] of Object.entries(said)) {
      if (form.elements.namedItem(name)) continue;
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
  }
})();
