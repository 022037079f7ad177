/*! Fieldstone. app.js holds htmx 2.0.11 (0BSD), Idiomorph 0.8.0 (0BSD), SortableJS 1.15.7 (MIT), Tom Select 2.6.2 (Apache-2.0); see licences/. */
(()=>{var e=document.documentElement;e.classList.remove("no-js");try{localStorage.getItem("fs-sidebar")==="closed"&&(e.dataset.sidebar="closed")}catch{}})();
