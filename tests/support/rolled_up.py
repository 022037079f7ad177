"""An app of three levels, with roll-ups of every function and roll-ups over roll-ups."""

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text}
          jobs_count: {type: rollup, of: jobs, function: count}
          worth: {type: rollup, of: jobs.total, function: sum}
          best: {type: rollup, of: jobs.dearest, function: max}
          least_parts: {type: rollup, of: jobs.parts, function: min}
          usual: {type: rollup, of: jobs.usual, function: avg}
          newest: {type: rollup, of: jobs.last_day, function: last, sorted_by: name}
          busy: {type: rollup, of: jobs, function: count, where: parts > 1}
        """,
    "objects/job.yaml": """
        object: job
        label: Job
        title: "{name}"
        fields:
          firm: {type: child_of, to: firm, inverse: jobs, required: true}
          name: {type: text}
          parts: {type: rollup, of: items, function: count}
          total: {type: rollup, of: items.price, function: sum, where: not extra}
          cheapest: {type: rollup, of: items.price, function: min}
          dearest: {type: rollup, of: items.price, function: max, where: not extra}
          usual: {type: rollup, of: items.size, function: avg}
          first_name: {type: rollup, of: items.name, function: first, sorted_by: -day}
          last_day: {type: rollup, of: items.day, function: last, sorted_by: size}
          earliest: {type: rollup, of: items.day, function: min}
          widest: {type: rollup, of: items.twice, function: max}
          double: {type: money, formula: total * 2}
          spare: {type: rollup, of: spare_items, function: count}
          spare_least: {type: rollup, of: spare_items.price, function: min}
          spare_most: {type: rollup, of: spare_items.price, function: max, where: not extra}
          spare_day: {type: rollup, of: spare_items.day, function: max}
        """,
    "objects/item.yaml": """
        object: item
        label: Item
        title: "{name}"
        fields:
          job: {type: child_of, to: job, inverse: items, required: true}
          spare: {type: lookup, to: job, inverse: spare_items}
          name: {type: text}
          price: {type: money}
          size: {type: integer}
          twice: {type: integer, formula: size * 2}
          day: {type: date}
          extra: {type: boolean}
        """,
}
