/** What the demo's company, a coffee roastery, sells. As `POST /api/products` takes it. */
export const demoProducts = [
  { sku: 'BEAN-HARBOUR-1', name: 'Harbour Blend, 1 kg', price: '24.90', description: 'Medium roast: cocoa, roasted almond.' },
  { sku: 'BEAN-MIDNIGHT-1', name: 'Midnight Espresso, 1 kg', price: '27.50', description: 'Dark roast for short, heavy cups.' },
  { sku: 'BEAN-YIRGA-250', name: 'Yirgacheffe, 250 g', price: '13.80', description: 'Light roast: bergamot, apricot.' },
  { sku: 'BEAN-DECAF-250', name: 'Decaf Huila, 250 g', price: '11.20', description: 'Decaffeinated with sugar cane.' },
  { sku: 'TEA-SENCHA-100', name: 'Sencha, 100 g', price: '9.60', description: 'First flush, steamed.' },
  { sku: 'GRIND-HAND-01', name: 'Hand grinder', price: '89.00', description: 'Steel burrs, 30 g hopper.' },
  { sku: 'BREW-DRIP-02', name: 'Porcelain dripper, two cups', price: '26.00', description: 'With forty paper filters.' },
  { sku: 'MACH-DUO-2', name: 'Duo espresso machine', price: '1890.00', description: 'Two boilers, for a small bar.', metadata: { warranty_months: 24 } },
  { sku: 'SRV-BARISTA-D', name: 'Barista training, one day', price: '145.00', type: 'service', description: 'Up to six people, in the roastery.' },
  { sku: 'SRV-MAINT-Y', name: 'Machine maintenance, one year', price: '320.00', type: 'service', description: 'Two visits, wear parts included.' },
  { sku: 'SRV-TASTE-2H', name: 'Tasting, two hours', price: '38.00', type: 'service', description: 'Five coffees from three continents.' },
  { sku: 'SRV-SUBS-M', name: 'Bean subscription, monthly', price: '22.00', type: 'service', description: 'Another origin each month.' },
] as const;
