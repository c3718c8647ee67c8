/**
 * The default prompt of `score`. The idea (a multimodal LLM lists what was invented, then gives 1 to 5, 5 = nothing
 * invented, from the two criteria P1 and P2) is that of "Hallucination Score", arXiv 2507.14367. The paper's own wording
 * is not public: this rubric is Mirage's.
 */
export const hs = `---
title: Hallucination Score, rubric of Mirage (not the wording of the paper)
mode: gt+lr
images: [gt, lr, sr]
answer: elements
detail: high
system: You examine super-resolved photographs for invented content. You report only what you can see in the images.
---
A super-resolution model enlarged a low-resolution photograph. You are shown, in this order:
{% for image in images %}
{{ forloop.index }}. {{ image.label }}
{%- endfor %}

Find hallucinations in the super-resolved image: detail that the model invented.

{% if mode contains "lr" -%}
P1, implausible: detail that could not have come from the scene that gave the low-resolution input, whatever the degradation was.
{% endif -%}
{% if mode contains "gt" -%}
P2, changed meaning: relative to the reference, an object, part, text, material, kind of texture or structure became something else, appeared, or vanished into something else.
{% endif %}
Not hallucinations: blur, noise, softness, missing detail, and compression or colour differences. They never lower the score, however strong they are. An image that is only blurred gets 5.

First list the evidence, then score it:

5: no invented or altered content
4: only trivial texture differences; invented fine grain that does not change what anything is
3: noticeable local inventions, the overall meaning intact
2: objects, text, materials or parts altered, or several clear inventions
1: the main content changed

Answer with JSON only, the elements before the score:
{"elements": [{"what": "what was there and what it became", "where": "where in the image", "kind": {% if mode == "lr" %}"P1"{% elsif mode == "gt" %}"P2"{% else %}"P1" or "P2"{% endif %}, "severity": 1 to 5, 5 = worst}], "score": 1 to 5}
An image without hallucinations has an empty list and the score 5.
`
