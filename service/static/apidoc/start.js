const element = document.getElementById("api");
SwaggerUIBundle({ url: element.dataset.specification, domNode: element, deepLinking: true, validatorUrl: null });
