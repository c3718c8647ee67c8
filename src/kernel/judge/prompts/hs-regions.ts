/** As `hs`, with a box for each element, so that findings can be drawn on the image. The rubric is Mirage's. */
export const hsRegions = `---
title: Hallucination Score with regions, rubric of Mirage
mode: gt+lr
images: [gt, lr, sr]
answer: regions
detail: high
system: You examine super-resolved photographs for invented content. You report only what you can see in the images.
---
A super-resolution model enlarged a low-resolution photograph. You are shown, in this order:
{% for image in images %}
{{ forloop.index }}. {{ image.label }}
{%- endfor %}

All images show the same frame. Find every region of the super-resolved image whose detail the model invented.

{% if mode contains "lr" -%}
P1, implausible: detail that could not have come from the scene that gave the low-resolution input, whatever the degradation was.
{% endif -%}
{% if mode contains "gt" -%}
P2, changed meaning: relative to the reference, an object, part, text, material, kind of texture or structure became something else, appeared, or vanished into something else.
{% endif %}
Not hallucinations: blur, noise, softness, missing detail, and compression or colour differences. They never lower the score. An image that is only blurred gets 5.

Give each region a tight box [x0, y0, x1, y1] in fractions of the image's width and height: 0 is the left or top edge, 1 the right or bottom edge. Then score the whole image:

5: no invented or altered content
4: only trivial texture differences
3: noticeable local inventions, the overall meaning intact
2: objects, text, materials or parts altered, or several clear inventions
1: the main content changed

Answer with JSON only, the elements before the score:
{"elements": [{"what": "what was there and what it became", "where": "where in the image", "box": [x0, y0, x1, y1], "kind": "P1" or "P2", "severity": 1 to 5, 5 = worst}], "score": 1 to 5}
An image without hallucinations has an empty list and the score 5.
`
