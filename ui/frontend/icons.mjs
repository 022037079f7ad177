// The icons in the sprite: what our templates name, and a choice for `icon:` of objects and menus in app folders.
const chrome = `
  alert-circle alert-triangle archive arrow-back-up arrow-down arrow-left arrow-right arrow-up arrows-sort at ban bell bolt
  calendar calendar-time check checkbox chevron-down chevron-left chevron-right chevron-up circle circle-check circle-check-filled circle-dashed circle-x
  clock columns-3 copy database-off dots dots-vertical download edit external-link eye eye-off file filter filter-off flag
  git-branch grip-vertical help-circle history home id inbox info-circle key keyboard language layout-columns layout-dashboard layout-kanban
  layout-sidebar-left-collapse link list lock login logout mail map-pin menu-2 message minus message-circle moon note paperclip pencil phone player-pause player-play
  player-stop plug plus refresh repeat restore rotate search send settings share shield-lock sort-ascending sort-descending
  star star-filled sun device-desktop table trash upload user user-circle user-off users users-group webhook world x zoom-exclamation`;
const objects = `
  address-book apps award barcode book box briefcase building building-bank building-factory-2 building-skyscraper building-store bulb businessplan
  calculator calendar-event car cash category certificate chart-bar chart-funnel chart-line chart-pie checklist clipboard clipboard-list coin contract
  credit-card cube currency-dollar currency-yuan device-laptop discount door file-invoice file-text folder gift headset heart heart-handshake
  home-2 hierarchy id-badge-2 license list-check list-details location man map medal microscope news notebook package packages percentage
  phone-call photo pig-money presentation printer puzzle question-mark receipt receipt-2 report report-analytics report-money rocket route
  scale school server shield shopping-cart sitemap speakerphone stack-2 subtask tag tags target target-arrow template ticket timeline tool tools
  topology-star-3 transfer trophy truck truck-delivery umbrella urgent vip wallet world-www writing`;
export const iconNames = [...new Set(`${chrome} ${objects}`.split(/\s+/).filter(Boolean))].sort();
